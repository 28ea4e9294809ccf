import type { IncomingMessage } from 'node:http';

/** The status that says why a body was not read: broken off, too slow, too large, too many others being read. */
export type UnreadStatus = 400 | 408 | 413 | 503;

/**
 * Reads whole bodies as they came. All that is being read at one time is `heldBytesMax` at most, whoever sends it: none of
 * it is known to be Slack's yet. One body takes `msMax` at most.
 */
export function createBodyReader(limits: {
  readonly heldBytesMax: number;
  readonly msMax: number;
}): (request: IncomingMessage, bytesMax: number) => Promise<Buffer | UnreadStatus> {
  let held = 0;
  return (request, bytesMax) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const onData = (chunk: Buffer): void => {
        size += chunk.length;
        held += chunk.length;
        chunks.push(chunk);
        if (size > bytesMax) end(413);
        else if (held > limits.heldBytesMax) end(503);
      };
      const onEnd = (): void => end(Buffer.concat(chunks));
      const onClose = (): void => end(400);
      const end = (result: Buffer | UnreadStatus): void => {
        clearTimeout(timer);
        request.off('data', onData).off('end', onEnd).off('close', onClose);
        held -= size;
        resolve(result);
      };
      const timer = setTimeout(end, limits.msMax, 408);
      request.on('data', onData).on('end', onEnd).on('close', onClose);
    });
}

/**
 * The delivery in a body: JSON, the JSON in a form's field `payload`, or the form itself. Undefined when it is none of
 * these. https://docs.slack.dev/interactivity/handling-user-interaction
 */
export function parseBody(
  body: Buffer,
  contentType: string | undefined,
): Readonly<Record<string, unknown>> | undefined {
  const text = body.toString('utf8');
  switch (contentType?.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/json':
      return parseObject(text);
    case 'application/x-www-form-urlencoded': {
      const form = new URLSearchParams(text);
      const payload = form.get('payload');
      return payload === null ? Object.fromEntries(form) : parseObject(payload);
    }
    default:
      return undefined;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
