import { useEffect, useRef } from 'preact/hooks';
import type { VisibleModal } from '../workspace/visible.ts';
import { Blocks } from './blocks.tsx';
import { useDialog } from './focus.ts';
import { closeModal, submitModal } from './moves.ts';
import { usePageState } from './store.ts';

/** The dialog on top of the stack. The workspace decides when it is gone. */
export function Modal({ modal }: { modal: VisibleModal }) {
  const { busy } = usePageState();
  const dialog = useRef<HTMLDialogElement>(null);
  const isBusy = busy.has(modal.id);
  useDialog(dialog, modal.id);
  const wrong = Object.keys(modal.errors).join('\n');
  useEffect(() => {
    if (wrong !== '') dialog.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [wrong, isBusy]);
  function onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    if (modal.submit !== undefined) void submitModal();
  }
  return (
    <dialog
      ref={dialog}
      class="modal"
      aria-labelledby="modal-title"
      onCancel={(event) => {
        event.preventDefault();
        void closeModal();
      }}
    >
      <form noValidate onSubmit={onSubmit}>
        <header>
          <h2 id="modal-title">{modal.title}</h2>
          <button type="button" class="plain dismiss" aria-label="Dismiss" onClick={() => void closeModal()}>
            ✕
          </button>
        </header>
        <div class="modal-body">
          {modal.trouble !== undefined && (
            <p class="trouble" role="alert">
              {modal.trouble}
            </p>
          )}
          <Blocks
            blocks={modal.blocks}
            where={{ in: 'modal', viewId: modal.id, values: modal.values, errors: modal.errors }}
          />
        </div>
        <footer>
          <button type="button" class="button" onClick={() => void closeModal()}>
            {modal.close ?? (modal.submit === undefined ? 'Close' : 'Cancel')}
          </button>
          {modal.submit !== undefined && (
            <button type="submit" class="button primary" aria-busy={isBusy}>
              {modal.submit}
            </button>
          )}
        </footer>
      </form>
    </dialog>
  );
}
