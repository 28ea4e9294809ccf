import { useState } from 'preact/hooks';

const TOLD_MS = 1500;

/** Puts `text` on the clipboard. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isDone, setDone] = useState(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), TOLD_MS);
  }
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      {isDone ? 'Copied' : label}
    </button>
  );
}
