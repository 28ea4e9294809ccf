/** Slack's emoji that are drawn here: not by a font, which a machine may lack. */
const COLOURS: Readonly<Record<string, string>> = {
  white_circle: 'white',
  large_green_circle: 'green',
  large_yellow_circle: 'yellow',
  red_circle: 'red',
  black_circle: 'black',
};

/** Whether the emoji of that name is a circle. */
export function isCircle(name: string): boolean {
  return Object.hasOwn(COLOURS, name);
}

/** The circle of that emoji; its name as it was typed where it is none. */
export function Circle({ name }: { name: string }) {
  if (!isCircle(name)) return <span>{`:${name}:`}</span>;
  const colour = COLOURS[name] ?? '';
  return <span class={`circle circle-${colour}`} role="img" aria-label={`${colour} circle`} />;
}
