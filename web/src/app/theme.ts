import { Alert, Badge, createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

/** From the lightest to the darkest; 7 on white and 4 on the dark ground have the contrast that text needs. */
const charge: MantineColorsTuple = [
  "#e3fafc", "#c5f0f5", "#99e2eb", "#66d3e0", "#3bc4d4", "#22b0c2", "#1098ad", "#0b7285", "#095b6a", "#06434e",
];

export const theme = createTheme({
  primaryColor: "charge",
  primaryShade: { light: 7, dark: 7 },
  colors: { charge },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  defaultRadius: "md",
  autoContrast: true,
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // A notice waits its turn to be read out; only a refusal interrupts, and says so itself.
    Alert: Alert.extend({ defaultProps: { role: "status" } }),
    // A state that is cut off says nothing.
    Badge: Badge.extend({
      defaultProps: { tt: "none", fw: 600 },
      styles: { root: { minWidth: "max-content" }, label: { overflow: "visible" } },
    }),
  },
});

/** Text on its own tint and on white, where the colours as they come have less contrast than text needs (WCAG 1.4.3). */
const ON_LIGHT = { teal: "#076a4c", green: "#22702f", orange: "#a63c07", yellow: "#8a4b00", red: "#b02525" };

export const contrast: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "#6b7178",
    "--mantine-color-error": ON_LIGHT.red,
    "--mantine-color-gray-outline": "var(--mantine-color-gray-7)",
    ...Object.fromEntries(
      Object.entries(ON_LIGHT).flatMap(([name, color]) => [
        [`--mantine-color-${name}-light-color`, color],
        [`--mantine-color-${name}-text`, color],
        [`--mantine-color-${name}-outline`, color],
      ]),
    ),
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-placeholder": "#969696",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--mantine-color-gray-outline": "var(--mantine-color-gray-5)",
  },
});
