/** How a value may stand in a text, by what was done to it. */
export const FORMS: readonly (readonly [form: string, (value: string) => string])[] = [
  ['as it is', (value) => value],
  ['in quotes', (value) => `"${value}"`],
  ['in code', (value) => `\`\`\`${value}\`\`\``],
  ['with quotes in it', (value) => `${value.slice(0, 21)}“”${value.slice(21)}`],
  ['added up in a program', (value) => `"${value.slice(0, 25)}" +\n    "${value.slice(25)}"`],
  ['wrapped over lines', (value) => wrapped(value, 16, '\n')],
  ['wrapped and indented', (value) => wrapped(value, 20, '\r\n        ')],
  ['wrapped in a quoted mail', (value) => wrapped(value, 20, '\n> ')],
  ['wrapped in a comment', (value) => wrapped(value, 20, '\n# ')],
  ['wrapped in a shell', (value) => wrapped(value, 20, ' \\\n  ')],
  ['wrapped in JSON', (value) => JSON.stringify({ value: wrapped(value, 20, '\n') })],
  ['wrapped in JSON in JSON', (value) => JSON.stringify(JSON.stringify(wrapped(value, 15, '\r\n\t')))],
  ['in a path of Windows', (value) => `C:\\tmp\\${value}`],
  ['with a space between all letters', (value) => [...value].join(' ')],
  ['in groups of four', (value) => wrapped(value, 4, ' ')],
  ['with zero-width spaces', (value) => wrapped(value, 7, '\u200b')],
  ['with soft hyphens', (value) => wrapped(value, 9, '\u00ad')],
  ['with isolates around it', (value) => `\u2066${value.slice(0, 30)}\u202e${value.slice(30)}\u2069`],
  ['with marks on its letters', (value) => [...value].join('\u0301\u0323')],
  ['with accents that were composed', (value) => [...value].join('\u0301').normalize('NFC')],
  ['with a blank Braille cell in it', (value) => `${value.slice(0, 20)}\u2800${value.slice(20)}`],
  ['with \\_', (value) => value.replaceAll('_', '\\_')],
  ['with \\\\_', (value) => value.replaceAll('_', '\\\\_')],
  ['with %5F', (value) => value.replaceAll('_', '%5F')],
  ['with %5f', (value) => value.replaceAll('_', '%5f')],
  ['with %255F', (value) => value.replaceAll('_', '%255F')],
  ['all in percents', (value) => percents(value)],
  ['with &#95;', (value) => value.replaceAll('_', '&#95;')],
  ['with &#0095;', (value) => value.replaceAll('_', '&#0095;')],
  ['with &#x5f;', (value) => value.replaceAll('_', '&#x5f;')],
  ['with &#X5F;', (value) => value.replaceAll('_', '&#X5F;')],
  ['with &lowbar;', (value) => value.replaceAll('_', '&lowbar;')],
  ['with &amp;#95;', (value) => value.replaceAll('_', '&amp;#95;')],
  ['with \\u005f', (value) => value.replaceAll('_', '\\u005f')],
  ['with \\\\u005F', (value) => value.replaceAll('_', '\\\\u005F')],
  ['with \\x5f', (value) => value.replaceAll('_', '\\x5f')],
  ['with \\u{5f}', (value) => value.replaceAll('_', '\\u{5f}')],
  ['in wide letters', (value) => value.replace(/[!-~]/g, wide)],
  ['in mathematical letters', (value) => value.replace(/[A-Za-z]/g, mathematical)],
  ['in a URL', (value) => `https://x.org/?token=${value}&a=1`],
  ['in a header', (value) => `Authorization: Bearer ${value}`],
  ['in Basic credentials', (value) => `Authorization: Basic ${base64(`ci:${value}`)}`],
  ['as the user of Basic credentials', (value) => `Basic ${base64(`${value}:`)}`],
  ['in base64', (value) => base64(value)],
  ['in base64, one byte further', (value) => base64(`a${value}`)],
  ['in base64, two bytes further', (value) => base64(`ab${value}`)],
  ['in base64 without padding', (value) => base64(value).replace(/=+$/, '')],
  ['in base64 that was cut in front', (value) => base64(`before ${value}`).slice(5)],
  ['in base64 behind a word', (value) => `secret${base64(value)}`],
  ['in wrapped base64', (value) => wrapped(base64(`user: ci\npassword: ${value}\n`), 20, '\n  ')],
  ['in base64url', (value) => Buffer.from(`?>${value}?>`).toString('base64url')],
  ['in base64 in a URL', (value) => encodeURIComponent(base64(`>?>${value}`))],
  ['in base64 of PowerShell', (value) => Buffer.from(value, 'utf16le').toString('base64')],
  ['in hex', (value) => Buffer.from(value).toString('hex')],
  ['in capital hex, by bytes', (value) => wrapped(Buffer.from(value).toString('hex').toUpperCase(), 2, ' ')],
];

/** What of a value is enough to have it, by what is wrong with it or missing. */
export const NEARLY: readonly (readonly [what: string, (value: string) => string])[] = [
  ['whole', (value) => value],
  ['without its last character', (value) => value.slice(0, -1)],
  ['without its last two', (value) => value.slice(0, -2)],
  ['without its check digits', (value) => value.slice(0, -6)],
  ['with a mistyped check digit', (value) => value.slice(0, -1) + (value.endsWith('0') ? '1' : '0')],
  ['with two check digits swapped', (value) => value.slice(0, -6) + [...value.slice(-6)].reverse().join('')],
  ['without its first letter', (value) => value.slice(1)],
  ['without its prefix', (value) => value.slice(value.indexOf('_') + 1)],
];

function wrapped(text: string, length: number, by: string): string {
  return text.replace(new RegExp(`.{${length}}(?=.)`, 'g'), (line) => line + by);
}

function percents(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function wide(sign: string): string {
  return String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0);
}

function mathematical(letter: string): string {
  const isSmall = letter >= 'a';
  return String.fromCodePoint((isSmall ? 0x1d41a : 0x1d400) + letter.charCodeAt(0) - (isSmall ? 97 : 65));
}
