/** Labels on a map that would lie on one another, moved apart. */

/** Where a label's middle is to be, and how large it is, in pixels. */
export type Label = { x: number; y: number; width: number; height: number };

const GAP = 3;

/** How far down each label is moved, so that none covers another: the northernmost stay where they are. */
export function apart(labels: readonly Label[]): number[] {
  const moved = labels.map(() => 0);
  const placed: Label[] = [];
  const order = labels.map((_, index) => index).sort((a, b) => at(labels, a).y - at(labels, b).y || a - b);
  for (const index of order) {
    const label = { ...at(labels, index) };
    for (let met = meeting(placed, label); met !== undefined; met = meeting(placed, label)) {
      label.y = met.y + (met.height + label.height) / 2 + GAP;
    }
    moved[index] = label.y - at(labels, index).y;
    placed.push(label);
  }
  return moved;
}

function at(labels: readonly Label[], index: number): Label {
  return labels[index] as Label;
}

function meeting(placed: readonly Label[], label: Label): Label | undefined {
  return placed.find(
    (one) =>
      Math.abs(one.x - label.x) < (one.width + label.width) / 2 + GAP &&
      Math.abs(one.y - label.y) < (one.height + label.height) / 2 + GAP,
  );
}
