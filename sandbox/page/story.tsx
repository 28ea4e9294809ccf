import { useEffect, useRef } from 'preact/hooks';
import { CopyButton } from './copy-button.tsx';
import { tell } from './moves.ts';
import { Mrkdwn } from './mrkdwn.tsx';
import type { DemoAnswer } from './protocol.ts';
import { changeStory, type PageState, usePageState } from './store.ts';
import { beginningOf, runCurl } from './story-doing.ts';
import { askToStartOver, runStep, STEPS, type Step } from './story-steps.ts';

/** The tour: what to do, what to look at, and somebody who does it. */
export function Story() {
  const now = usePageState();
  const { isOpen, done } = now.story;
  const next = STEPS.find(({ id }) => !done.has(id));
  return (
    <section class={isOpen ? 'story open' : 'story'} aria-label="Story">
      <header>
        <h2>{next === undefined ? 'You finished the story' : `Story in ${STEPS.length} steps`}</h2>
        {isOpen && <StartOver now={now} />}
        <button
          type="button"
          class="plain"
          aria-expanded={isOpen}
          onClick={() => changeStory({ isOpen: !isOpen })}
        >
          {isOpen ? 'Hide story' : 'Show story'}
        </button>
      </header>
      {!isOpen && next && (
        <p class="story-next">{`${STEPS.indexOf(next) + 1} of ${STEPS.length}: ${next.title}`}</p>
      )}
      {isOpen && (
        <ol class="steps">
          {STEPS.map((step, index) => (
            <StepItem key={step.id} step={step} number={index + 1} now={now} isNext={step === next} />
          ))}
        </ol>
      )}
    </section>
  );
}

function StartOver({ now }: { now: PageState }) {
  return (
    <button
      type="button"
      class="plain"
      aria-busy={now.story.isStartingOver}
      disabled={now.story.isStartingOver || now.story.running !== undefined}
      onClick={() => askToStartOver(now.surroundings?.isKept === true)}
    >
      {now.story.isStartingOver ? 'Starting over…' : 'Start over'}
    </button>
  );
}

function StepItem(props: { step: Step; number: number; now: PageState; isNext: boolean }) {
  const { step, number, now, isNext } = props;
  const { story } = now;
  const isDone = story.done.has(step.id);
  const state = story.running === step.id ? 'running' : isDone ? 'done' : isNext ? 'next' : 'later';
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (state === 'next' || state === 'running') item.current?.scrollIntoView({ block: 'nearest' });
  }, [state]);
  return (
    <li ref={item} class={`step ${state}`} aria-current={isNext ? 'step' : undefined}>
      <span class="number" aria-hidden="true">
        {isDone ? '✓' : number}
      </span>
      <div>
        <div class="step-head">
          <h3 id={`step-${step.id}`}>
            {step.title}
            {isDone && <span class="visually-hidden"> (done)</span>}
          </h3>
          <button
            type="button"
            class={isNext ? 'button primary' : 'button'}
            aria-describedby={`step-${step.id}`}
            disabled={story.running !== undefined}
            onClick={() => void runStep(step)}
          >
            Do it for me
          </button>
        </div>
        <p>
          <Mrkdwn text={step.todo} />
        </p>
        <p class="look">{step.look}</p>
        {step.hasCurl && <Curl step={step} now={now} />}
      </div>
    </li>
  );
}

function Curl({ step, now }: { step: Step; now: PageState }) {
  const { value, answers } = now.story;
  const url = now.surroundings?.demoUrl ?? '';
  const answer = answers[step.id];
  if (step.id !== 'use' && answer === undefined && !now.story.done.has('use')) return null;
  const line = (shown: string): string => `curl -i -H "Authorization: Bearer ${shown}" ${url}`;
  return (
    <div class="curl">
      {step.id === 'use' && (
        <label>
          <span>Value</span>
          <input
            type="text"
            class="secret"
            placeholder="Paste the value here"
            autoComplete="off"
            spellcheck={false}
            value={value}
            onInput={({ currentTarget }) => changeStory({ value: currentTarget.value.trim() })}
          />
        </label>
      )}
      <pre class="terminal">
        <span class="prompt">{`$ ${line(answer?.sent ?? (value === '' ? '$APITOKEN' : beginningOf(value)))}`}</span>
        {answer && `\n${printed(answer)}`}
      </pre>
      <div class="curl-buttons">
        <button
          type="button"
          class="button"
          disabled={value === ''}
          onClick={() => void runCurl(step.id).catch((error: Error) => tell(error.message))}
        >
          Run curl
        </button>
        {value !== '' && <CopyButton text={line(value)} label="Copy for your terminal" />}
      </div>
    </div>
  );
}

function printed({ status, statusText, headers, body }: DemoAnswer): string {
  const lines = headers.map(([name, content]) => `${name}: ${content}`);
  return [`HTTP/1.1 ${status} ${statusText}`, ...lines, '', body.trim()].join('\n');
}
