/** A file made in the page, for the browser to keep. */

export function save(name: string, content: string | Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Certificates and keys are text. */
export const savePem = (name: string, pem: string): void => save(name, pem, "application/x-pem-file");
