import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const petrol: MantineColorsTuple = [
  "#e8f3f5",
  "#d0e5e9",
  "#a6d0d8",
  "#79bac6",
  "#55a6b5",
  "#3692a3",
  "#247c8c",
  "#1b6977",
  "#155663",
  "#0e414c",
];

// From text to the deepest background; neutral, so that footage and state colours are the only colours that call.
const graphite: MantineColorsTuple = [
  "#d9dee1",
  "#b9c1c6",
  "#96a0a6",
  "#6b757c",
  "#3a4248",
  "#2b3237",
  "#20262a",
  "#14181a",
  "#0f1214",
  "#090b0c",
];

const slate: MantineColorsTuple = [
  "#f5f7f7",
  "#eceff0",
  "#dfe4e6",
  "#ccd3d6",
  "#b3bcc1",
  "#8a959b",
  "#5a666d",
  "#424c52",
  "#2c3439",
  "#191f23",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, dark: graphite, gray: slate },
  autoContrast: true,
  defaultRadius: 4,
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "22px", lineHeight: "1.3" },
      h2: { fontSize: "16px", lineHeight: "1.35" },
      h3: { fontSize: "14px", lineHeight: "1.4" },
    },
  },
  components: {
    Tooltip: {
      defaultProps: { openDelay: 300, withArrow: true, events: { hover: true, focus: true, touch: false } },
    },
    TextInput: { defaultProps: { size: "sm" } },
    Button: { defaultProps: { size: "sm" } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.5 },
        closeButtonProps: { "aria-label": "Close" },
      },
      styles: {
        content: { background: "var(--surface)" },
        header: { background: "var(--surface)" },
        title: { fontSize: 16, fontWeight: 600 },
      },
    },
    // its placeholder is not an allowed child of a menu; the first item takes the focus instead
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Badge: { defaultProps: { radius: 3, variant: "light" } },
    Table: { defaultProps: { verticalSpacing: 8, horizontalSpacing: 12 } },
  },
});

/** Mantine's own variables where its defaults miss AA or the look. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f4f6f6",
    "--mantine-color-text": "#1b2226",
    "--mantine-color-dimmed": "#566168",
    "--mantine-color-placeholder": "#6b767c",
    "--mantine-color-default-border": "#ccd3d6",
    "--mantine-color-error": "#b3261e",
  },
  dark: {
    "--mantine-color-body": "#14181a",
    "--mantine-color-text": "#d9dee1",
    "--mantine-color-dimmed": "#98a3a9",
    "--mantine-color-placeholder": "#8b959b",
    "--mantine-color-default": "#1b2023",
    "--mantine-color-default-hover": "#232a2e",
    "--mantine-color-default-border": "#364045",
    "--mantine-color-error": "#ff8a80",
  },
});
