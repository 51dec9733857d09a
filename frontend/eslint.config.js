import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["dist", "src/api/schema.d.ts"] },
    js.configs.recommended,
    ...tseslint.configs.strict,
    reactHooks.configs.flat.recommended,
    prettier,
    {
        languageOptions: { globals: { ...globals.browser } },
        rules: {
            "max-lines": ["error", { max: 400 }],
            "@typescript-eslint/no-explicit-any": "error",
            "@typescript-eslint/consistent-type-imports": "error",
            "no-restricted-syntax": [
                "error",
                { selector: "ExportDefaultDeclaration", message: "Name your exports." },
            ],
            eqeqeq: ["error", "always", { null: "ignore" }],
        },
    },
    {
        files: ["*.config.{js,ts}"],
        languageOptions: { globals: globals.node },
        rules: { "no-restricted-syntax": "off" },
    },
);
