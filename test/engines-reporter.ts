import type { Plugin } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

/** A reporter beside whichever are chosen: it says how many tests of the store ran on which engine. */
export function tellEngines(): Plugin {
  return {
    name: 'tell-engines',
    configureVitest: ({ vitest }) => {
      if (!vitest.config.reporters.some((each) => each === REPORTER)) vitest.config.reporters.push(REPORTER);
    },
  };
}

const REPORTER: Reporter = {
  onTestRunEnd(modules) {
    const ofStore = modules.filter(({ moduleId }) => moduleId.includes('/test/store/'));
    if (ofStore.length === 0) return;
    const counts = ['sqlite', 'postgres'].map((name) => {
      const own = ofStore.filter(({ project }) => project.name === name);
      return `${countOf(own, 'passed') + countOf(own, 'failed')} on ${name} (${countOf(own, 'skipped')} skipped)`;
    });
    process.stdout.write(`\nTests of the store: ${counts.join(', ')}\n`);
  },
};

function countOf(modules: readonly TestModule[], state: 'passed' | 'failed' | 'skipped'): number {
  return modules.reduce((sum, { children }) => sum + [...children.allTests(state)].length, 0);
}
