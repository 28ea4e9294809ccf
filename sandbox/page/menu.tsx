import type { Overflow } from '@slack/types';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Control, choose } from './moves.ts';

/** An overflow menu of a row. */
export function Menu({ element, control, name }: { element: Overflow; control: Control; name: string }) {
  return (
    <MenuButton
      label={`More actions for ${name}`}
      options={element.options.map(({ text }) => text.text)}
      onChoose={(option) => choose(control, option, element.confirm)}
    />
  );
}

/** A button that opens a menu: arrows to go through it, Escape to leave. */
export function MenuButton(props: {
  label: string;
  options: readonly string[];
  onChoose: (option: string) => void;
}) {
  const { label, options, onChoose } = props;
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    items(root.current)[0]?.focus();
    const onPointerDown = ({ target }: PointerEvent): void => {
      if (target instanceof Node && root.current?.contains(target) !== true) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [isOpen]);

  function close(): void {
    setOpen(false);
    button.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (!isOpen && event.key === 'ArrowDown') setOpen(true);
    else if (isOpen && event.key === 'Escape') close();
    else if (!isOpen || !moveFocus(items(root.current), event.key)) {
      if (event.key === 'Tab') setOpen(false);
      return;
    }
    event.preventDefault();
    // Escape is for the menu alone, not for the dialog around it.
    event.stopPropagation();
  }

  return (
    <div class="menu-root" ref={root}>
      <button
        ref={button}
        type="button"
        class="more"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={onKeyDown}
      >
        <span aria-hidden="true">⋯</span>
      </button>
      {isOpen && (
        <div class="menu" role="menu" aria-label={label} onKeyDown={onKeyDown}>
          {options.map((option) => (
            <button
              key={option}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                onChoose(option);
              }}
            >
              {option}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function items(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
}

/** Moves the focus as the key says; false when it says nothing. */
function moveFocus(all: readonly HTMLElement[], key: string): boolean {
  const here = all.findIndex((item) => item.matches(':focus'));
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: (here + 1) % all.length,
    ArrowUp: (here - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  };
  const target = targets[key];
  if (target === undefined) return false;
  all[target]?.focus();
  return true;
}
