import { Badge, createTheme, type MantineColorsTuple } from "@mantine/core";

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
  components: { Badge: Badge.extend({ defaultProps: { tt: "none", fw: 600 } }) },
});
