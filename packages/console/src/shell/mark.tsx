/** A countersignature. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 19c3 0 4-8 7-8s-1 10 2 10 3-5 7-5" />
    </svg>
  )
}
