/** A password to type, which can be looked at. */
import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { useWords } from "../i18n/index.tsx";

export function PasswordField(props: PasswordInputProps) {
  const words = useWords();
  return <PasswordInput visibilityToggleButtonProps={{ "aria-label": words.everyday.lookAtPassword }} {...props} />;
}
