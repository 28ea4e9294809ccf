/** What the sandbox has no picture for, so that nobody mistakes it for nothing. */
export function CannotDraw({ type }: { type: string }) {
  return <span class="cannot-draw" role="alert">{`cannot draw ${type}`}</span>;
}
