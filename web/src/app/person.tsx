/** Who is signed in, the language and colours they like, and the way out. */
import { Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { IconLanguage, IconLogout, IconMoon, IconUser } from "@tabler/icons-react";
import { useMe } from "@/shared/api/session.ts";
import { LANGUAGES, useLanguage, useWords } from "@/shared/i18n/index.tsx";
import { useSignOut } from "./session.tsx";
import classes from "./shell.module.css";

export default function PersonMenu() {
  const words = useWords();
  const me = useMe();
  const signOut = useSignOut();
  const { language, speak } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = ["auto", "light", "dark"] as const;
  return (
    <Menu width={240} position="bottom-end" defaultOpened>
      <Menu.Target>
        <UnstyledButton aria-label={words.accounts.signedInAs(me.name)} className={classes.person}>
          <IconUser size={20} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{words.accounts.signedInAs(me.name)}</Menu.Label>
        <Menu.Divider />
        <Menu.Label>{words.accounts.theme}</Menu.Label>
        {schemes.map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={<IconMoon size={16} aria-hidden />}
            onClick={() => setColorScheme(scheme)}
            aria-current={colorScheme === scheme}
            fw={colorScheme === scheme ? 700 : 400}
          >
            {words.accounts[scheme]}
          </Menu.Item>
        ))}
        <Menu.Label>{words.accounts.language}</Menu.Label>
        {LANGUAGES.map((one) => (
          <Menu.Item
            key={one.value}
            leftSection={<IconLanguage size={16} aria-hidden />}
            onClick={() => speak(one.value)}
            aria-current={language === one.value}
            fw={language === one.value ? 700 : 400}
          >
            {one.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
          {words.accounts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
