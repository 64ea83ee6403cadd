/** A carabiner with the rope in it. */
export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#14181d" />
      <path
        d="M10 13v7a6 6 0 0 0 12 0v-8a6 6 0 0 0-6-6 6 6 0 0 0-5.6 3.9"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
      />
      <path d="M16 2v13m0 4v11" fill="none" stroke="#f0a33a" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
