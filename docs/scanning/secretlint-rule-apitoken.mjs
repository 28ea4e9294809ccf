import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECK_LENGTH = 6;
const SHAPE = /(?<![0-9A-Za-z])([a-z][a-z0-9]{1,9})_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}[0-4][0-9A-Za-z]{5}/g;

const messages = {
  VALUE: {
    en: () => 'found a token value of apitoken: revoke it with "/apitoken revoke VALUE", then remove it',
  },
};

/**
 * A rule of secretlint that finds token values of apitoken, by shape and check digits: what it names was made by an apitoken. The
 * option `prefixes` names those that count (TOKEN_PREFIX and earlier ones); without it all do.
 */
export const creator = {
  messages,
  meta: {
    id: 'secretlint-rule-apitoken',
    recommended: true,
    type: 'scanner',
    supportedContentTypes: ['text'],
    docs: { url: 'https://github.com/secretlint/secretlint/blob/master/docs/secretlint-rule.md' },
  },
  create(context, { prefixes } = {}) {
    const t = context.createTranslator(messages);
    return {
      file({ content }) {
        for (const { 0: value, 1: prefix, index } of content.matchAll(SHAPE)) {
          if (prefixes !== undefined && !prefixes.includes(prefix)) continue;
          if (hasCheckDigits(value))
            context.report({ message: t('VALUE'), range: [index, index + value.length] });
        }
      },
    };
  },
};

/** CRC-32 of all before them, in base 62, six digits. */
function hasCheckDigits(value) {
  const body = value.slice(0, -CHECK_LENGTH);
  let digits = '';
  for (let rest = crc32(body); digits.length < CHECK_LENGTH; rest = Math.floor(rest / DIGITS.length)) {
    digits = DIGITS[rest % DIGITS.length] + digits;
  }
  return value.endsWith(digits);
}
