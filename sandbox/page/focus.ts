import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** Where the focus was in a view that another one covered, by view. */
const left = new Map<string, string>();
/** What had the focus before the first of the dialogs that are open. */
let opener: Element | null = null;

/**
 * Shows a dialog. When it goes, by Escape or otherwise, the focus is where it was before: in the dialog below, on what opened
 * it, or, where that has gone too, where messages are typed. `viewId` is that of a view of the app's.
 */
export function useDialog(dialog: RefObject<HTMLDialogElement | null>, viewId?: string): void {
  useEffect(() => {
    const before = document.activeElement;
    // While one view takes the place of another, nothing has it.
    if (before !== document.body && before?.closest('dialog') === null) opener = before;
    dialog.current?.showModal();
    if (viewId !== undefined) focusIn(dialog.current, viewId);
    // The dialog is gone by then, and with it what the browser remembered.
    return () => void setTimeout(() => giveBack(before));
  }, []);
}

/** To where it was before in this view, or else to the first field; notes where it goes from there. */
function focusIn(dialog: HTMLDialogElement | null, viewId: string): void {
  const place = left.get(viewId);
  const all = [...(dialog?.querySelectorAll<HTMLElement>('[id], [data-control]') ?? [])];
  const before = place === undefined ? undefined : all.find((one) => placeOf(one) === place);
  (before ?? dialog?.querySelector<HTMLElement>('.modal-body :is(input, select, textarea)'))?.focus();
  dialog?.addEventListener('focusin', ({ target }) => {
    if (target instanceof Element) left.set(viewId, placeOf(target));
  });
}

function placeOf(element: Element): string {
  return element.getAttribute('data-control') ?? element.id;
}

/** Without it a keyboard would start from the top of the page. */
function giveBack(before: Element | null): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const top = [...document.querySelectorAll('dialog[open]')].at(-1);
  const places = [before, opener, document.querySelector('.composer textarea, [role=tabpanel]')];
  const place = places.find(
    (one) => one?.isConnected === true && one !== document.body && (top === undefined || top.contains(one)),
  );
  if (place instanceof HTMLElement) place.focus();
}
