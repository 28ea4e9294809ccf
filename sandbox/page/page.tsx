import { Confirm } from './confirm.tsx';
import { Modal } from './modal.tsx';
import { dismiss } from './moves.ts';
import { PlaceView } from './place.tsx';
import { Sidebar } from './sidebar.tsx';
import { usePageState } from './store.ts';
import { Story } from './story.tsx';
import { Traffic } from './traffic.tsx';

/** The whole page. */
export function Page() {
  const now = usePageState();
  const { scene, surroundings } = now;
  if (scene === undefined || surroundings === undefined) {
    return (
      <main class="loading">{now.isOnline ? 'Opening the workspace…' : 'Connecting to the sandbox…'}</main>
    );
  }
  document.title = `${scene.snapshot.person.name} · ${now.place.replace(/^@/, '')} · apitoken sandbox`;
  const modal = scene.snapshot.modals.at(-1);
  return (
    <div class={now.story.isOpen ? 'page with-story' : 'page'}>
      <Sidebar />
      <PlaceView />
      <Story />
      <Traffic />
      {modal && <Modal key={modal.id} modal={modal} />}
      {now.question && <Confirm question={now.question} />}
      <div class="toasts" role="status">
        {now.toasts.map(({ id, text }) => (
          <div key={id} class="toast">
            <span>{text}</span>
            <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>
              ✕
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}
