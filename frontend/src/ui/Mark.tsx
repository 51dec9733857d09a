/** The product's mark: a quiet curve with one peak. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      aria-hidden
      focusable="false"
      style={{ flex: "none" }}
    >
      <rect width="32" height="32" rx="7" fill="#12262b" />
      <path
        d="M5 21h4l2-3 3 2 3-13 4 16 2-5h4"
        fill="none"
        stroke="#5fc3d6"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
