/** Whose something new is to be; asked only of those who work for several organisations. */
import { Select } from "@mantine/core";
import { useOrganisations, useScope } from "../api/scope.tsx";
import { useWords } from "../i18n/index.tsx";

type Props = { value: number | null; change: (organisationId: number | null) => void; error?: string | undefined };

export function OwnerSelect({ value, change, error }: Props) {
  const words = useWords();
  const organisations = useOrganisations();
  if (organisations.length < 2) return null;
  return (
    <Select
      label={words.everyday.organisation}
      required
      allowDeselect={false}
      data={organisations.map((one) => ({ value: String(one.id), label: one.name }))}
      value={value === null ? null : String(value)}
      error={error}
      searchable
      onChange={(id) => change(id === null ? null : Number(id))}
    />
  );
}

/** The organisation that is looked at: what is made there is most likely to be its own. */
export function useOwner(): number | null {
  const organisations = useOrganisations();
  const { scope } = useScope();
  return scope.organisationId ?? (organisations.length === 1 ? (organisations[0]?.id ?? null) : null);
}
