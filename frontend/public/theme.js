// Runs before the first paint, so that a dark page never flashes white. A file of its own: inline scripts are refused.
(() => {
    let chosen = null;
    try {
        chosen = localStorage.getItem("mantine-color-scheme-value");
    } catch {
        // storage may be forbidden; the system's choice holds
    }
    const dark =
        chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
