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
