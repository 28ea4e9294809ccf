import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Of any letters, encoded as a form encodes them, they fit into the body that a form may have. */
const LENGTH_MAX = 1800;

/** As the sandbox looks, in the colours that the browser asks for. */
const STYLE = `
html {
  color-scheme: light dark;
  --ground: #f4f6f8; --raised: #fff; --ink: #1b2026; --soft: #566069; --line: #848e99;
  --danger: #b3261e; --danger-ink: #fff; --link: #0a5ca8;
  font: 16px/1.46 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  html {
    --ground: #16191d; --raised: #1e2227; --ink: #e3e7ec; --soft: #a3adb8; --line: #78838f;
    --danger: #ff8a80; --danger-ink: #2b0806; --link: #7db9f5;
  }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px;
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere; }
main { width: 100%; max-width: 560px; padding: 28px; border-radius: 12px; background: var(--raised);
  border: 1px solid var(--line); }
h1 { margin: 0 0 18px; font-size: 21px; line-height: 1.3; }
p { margin: 12px 0 0; color: var(--soft); font-size: 14px; }
label { display: block; margin-bottom: 6px; font-weight: 600; }
textarea { display: block; width: 100%; min-height: 110px; padding: 10px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--ground); color: inherit; font: 14px/1.5 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace;
  resize: vertical; }
button { margin-top: 16px; min-height: 44px; padding: 0 22px; border: 0; border-radius: 6px; background: var(--danger);
  color: var(--danger-ink); font: inherit; font-weight: 700; cursor: pointer; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 480px) { main { padding: 20px; } button { width: 100%; } }
`;

/** Nothing is loaded, run or framed, and nothing goes anywhere but here. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  vary: 'accept',
};

const DONE = 'Done. If it was one of ours, it no longer works.';

const ASK_PAGE = pageOf(`<h1>Found an API token? Paste it here and it stops working.</h1>
<form method="post" action="revoke" autocomplete="off">
<label for="token">API token</label>
<textarea id="token" name="token" maxlength="${LENGTH_MAX}" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="hint" autofocus></textarea>
<p id="hint">It may stand in other text, up to 1,800 characters. What you paste isn't kept.</p>
<button type="submit">Revoke</button>
</form>`);

const DONE_PAGE = tellingPage(DONE, 'Revoke another one');

/** The page with the one field. */
export function sendAskPage(reply: FastifyReply): FastifyReply {
  return reply.headers(HEADERS).send(ASK_PAGE);
}

/** The page that says the same whatever was pasted. */
export function sendDonePage(reply: FastifyReply): FastifyReply {
  return reply.code(200).headers(HEADERS).send(DONE_PAGE);
}

/** A page that says why nothing was done, and when it may be. */
export function sendLaterPage(
  reply: FastifyReply,
  { status, why, seconds }: { readonly status: 429 | 503; readonly why: string; readonly seconds: number },
): FastifyReply {
  const again = seconds === 1 ? '1 second' : `${seconds} seconds`;
  const page = tellingPage(`${why} Try again in ${again}.`, 'Back');
  return reply.code(status).headers(HEADERS).header('retry-after', seconds).send(page);
}

/** Whether what asks is a browser that shows a page, and not a client of RFC 7009: that one takes anything or JSON. */
export function showsPages({ accept = '' }: Pick<IncomingHttpHeaders, 'accept'>): boolean {
  return accept
    .split(',')
    .some(
      (type) =>
        /^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(type) &&
        !/;\s*q=0(?:\.0*)?\s*$/i.test(type),
    );
}

function tellingPage(sentence: string, link: string): string {
  return pageOf(`<h1>${sentence}</h1>\n<p><a href="revoke">${link}</a></p>`);
}

/** Of our own words alone: nothing that anybody sent is in any page. */
function pageOf(main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Revoke an API token</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}
