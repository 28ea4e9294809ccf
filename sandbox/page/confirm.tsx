import { useRef } from 'preact/hooks';
import { useDialog } from './focus.ts';
import { answerQuestion } from './moves.ts';
import { Mrkdwn } from './mrkdwn.tsx';
import type { Question } from './store.ts';

/** The question before something that cannot be taken back. */
export function Confirm({ question }: { question: Question }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useDialog(dialog);
  return (
    <dialog
      ref={dialog}
      class="modal confirm"
      role="alertdialog"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onCancel={(event) => {
        event.preventDefault();
        answerQuestion(false);
      }}
    >
      <header>
        <h2 id="confirm-title">{question.title}</h2>
      </header>
      <div class="modal-body" id="confirm-text">
        <Mrkdwn text={question.text} />
      </div>
      <footer>
        <button type="button" class="button" onClick={() => answerQuestion(false)}>
          {question.deny}
        </button>
        <button
          type="button"
          class={question.isDangerous ? 'button danger' : 'button primary'}
          onClick={() => answerQuestion(true)}
        >
          {question.confirm}
        </button>
      </footer>
    </dialog>
  );
}
