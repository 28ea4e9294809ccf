import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unescaped } from '../../src/slack/blocks/text.ts';
import { parseCommand, partsOf } from '../../src/slack/listeners/parse-command.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';

const VALUE = TokenValue.generate('apit').reveal();
/** The same shape with check digits that are not right. */
const NO_VALUE = `${VALUE.slice(0, -1)}${VALUE.endsWith('0') ? '1' : '0'}`;

test.for([
  ['', { verb: 'list', filter: 'active' }],
  ['   ', { verb: 'list', filter: 'active' }],
  ['list', { verb: 'list', filter: 'active' }],
  ['LIST', { verb: 'list', filter: 'active' }],
  ['ls', { verb: 'list', filter: 'active' }],
  ['list expired', { verb: 'list', filter: 'expired' }],
  ['ls  Revoked ', { verb: 'list', filter: 'revoked' }],
  ['find deploy bot', { verb: 'find', text: 'deploy bot' }],
  ['find “deploy”', { verb: 'find', text: 'deploy' }],
  ['search %_', { verb: 'find', text: '%_' }],
  ['find', { verb: 'find' }],
  ['list all', { verb: 'list', filter: 'all' }],
  ['create', { verb: 'create' }],
  ['new', { verb: 'create' }],
  ['Create deploy-bot', { verb: 'create', name: 'deploy-bot' }],
  ['info', { verb: 'info' }],
  ['show deploy bot', { verb: 'info', name: 'deploy bot' }],
  ['revoke', { verb: 'revoke' }],
  ['revoke deploy-bot', { verb: 'revoke', name: 'deploy-bot' }],
  ['delete deploy-bot', { verb: 'revoke', name: 'deploy-bot' }],
  ['rm deploy-bot', { verb: 'revoke', name: 'deploy-bot' }],
  ['KILL deploy-bot', { verb: 'revoke', name: 'deploy-bot' }],
  ['revoke tok_0123456789abcdef', { verb: 'revoke', name: 'tok_0123456789abcdef' }],
  ['revoke deploy-bot 30d', { verb: 'revoke', name: 'deploy-bot 30d' }],
  ['help', { verb: 'help' }],
  ['?', { verb: 'help' }],
  ['help me', { verb: 'help' }],
  ['board', { verb: 'board' }],
  ['status', { verb: 'status', filter: 'current', owner: null }],
  ['Status  Expired ', { verb: 'status', filter: 'expired', owner: null }],
  ['status all', { verb: 'status', filter: 'all', owner: null }],
  ['status <@U0ANN>', { verb: 'status', filter: 'current', owner: 'U0ANN' }],
  ['status <@U0ANN|ann>', { verb: 'status', filter: 'current', owner: 'U0ANN' }],
  ['status <@W0ANN|ann b>  idle', { verb: 'status', filter: 'idle', owner: 'W0ANN' }],
  ['status idle <@U0ANN|ann>', { verb: 'status', filter: 'idle', owner: 'U0ANN' }],
  ['status <@U0ANN> <@U0ANN|ann>', { verb: 'status', filter: 'current', owner: 'U0ANN' }],
  ['status @me', { verb: 'status', filter: 'current', owner: 'me' }],
  ['status idle @Me', { verb: 'status', filter: 'idle', owner: 'me' }],
  ['status @ann', { verb: 'status', filter: 'current', unknownPerson: '@ann' }],
  ['list\u200b', { verb: 'list', filter: 'active' }],
  ['\u200blist', { verb: 'list', filter: 'active' }],
  ['\u2068list\u2069', { verb: 'list', filter: 'active' }],
  ['li\u00adst\ufeff all\u200b', { verb: 'list', filter: 'all' }],
  ['list\u2800all', { verb: 'list', filter: 'all' }],
  ['\u200b', { verb: 'list', filter: 'active' }],
  ['ｌｉｓｔ　ａｌｌ', { verb: 'list', filter: 'all' }],
  ['status\u200b idle\u200e', { verb: 'status', filter: 'idle', owner: null }],
  ['status @me\u200b', { verb: 'status', filter: 'current', owner: 'me' }],
  ['status \u2068<@U0ANN|ann>\u2069', { verb: 'status', filter: 'current', owner: 'U0ANN' }],
  ['revoke @me\u200b', { verb: 'revoke', person: 'me' }],
  ['revoke “@me”', { verb: 'revoke', name: '@me' }],
  ['revoke \u2068<@U0ANN|ann>\u2069', { verb: 'revoke', person: 'U0ANN' }],
  ['revoke <@U0ANN|>', { verb: 'revoke', person: 'U0ANN' }],
  ['revoke @ann', { verb: 'revoke', unclearPerson: '@ann' }],
  ['revoke "@ann"', { verb: 'revoke', name: '@ann' }],
  ['revoke @ann, @bob', { verb: 'revoke', name: '@ann, @bob' }],
  ['revoke @ann,@bob', { verb: 'revoke', name: '@ann,@bob' }],
  ['revoke tok_0123456789abcdef\u200b', { verb: 'revoke', name: 'tok_0123456789abcdef' }],
  ['create deploy-bot 30d\u200b', { verb: 'create', name: 'deploy-bot', lifetime: '30d' }],
  ['create \u200ede\u00adploy-bot\u2069', { verb: 'create', name: 'deploy-bot' }],
  ['create ❤\ufe0f 👨‍👩‍👧', { verb: 'create', name: '❤\ufe0f 👨‍👩‍👧' }],
  ['create می‌خواهم', { verb: 'create', name: 'می‌خواهم' }],
  ['create bot for <#C0ABC123DEF|>', { verb: 'create', name: 'bot for #C0ABC123DEF' }],
  ['create bot for <!subteam^S0ONCALL|>', { verb: 'create', name: 'bot for @S0ONCALL' }],
  ['status @ann revoked', { verb: 'status', filter: 'revoked', unknownPerson: '@ann' }],
] as const)('"%s" is understood', ([text, command]) => {
  expect(parseCommand(text)).toEqual(command);
});

test.for([
  ['a word that is no filter', 'status everything'],
  ['two filters', 'status idle expired'],
  ['two people', 'status <@U0ANN|ann> <@U0BOB|bob>'],
  ['a person and a name', 'status <@U0ANN|ann> @bob'],
  ['a group', 'status <!subteam^S1|@oncall> all'],
  ['a channel', 'status <#C1|general>'],
] as const)('status with %s is not understood', ([, text]) => {
  const command = parseCommand(text);

  expect(command.verb === 'status' ? 'unknownPerson' in command : command).toEqual(
    text.includes('subteam')
      ? true
      : { verb: 'unknown', typed: unescaped(text), nearest: 'status', rest: '' },
  );
});

test.for([
  ['a last word like 30d is a lifetime', 'deploy-bot 30d', { name: 'deploy-bot', lifetime: '30d' }],
  ['in capitals too', 'deploy-bot 30D', { name: 'deploy-bot', lifetime: '30D' }],
  ['of any number of days', 'deploy-bot 9999d', { name: 'deploy-bot', lifetime: '9999d' }],
  ['none among them', 'deploy-bot 0d', { name: 'deploy-bot', lifetime: '0d' }],
  ['after a name of several words', 'my deploy bot 45d', { name: 'my deploy bot', lifetime: '45d' }],
  ['after more spaces', '  deploy-bot \t 45d  ', { name: 'deploy-bot', lifetime: '45d' }],
  ['after a name in quotes', '"deploy bot" 45d', { name: 'deploy bot', lifetime: '45d' }],
  ['but not within the quotes', '“deploy bot 45d”', { name: 'deploy bot 45d' }],
  ['alone, where it is no name', '30d', { lifetime: '30d' }],
  ['but in quotes it is one', '"30d"', { name: '30d' }],
  ['in weeks', 'deploy-bot 2w', { name: 'deploy-bot', lifetime: '2w' }],
  ['in hours', 'deploy-bot 12h', { name: 'deploy-bot', lifetime: '12h' }],
  ['in years', 'deploy-bot 1y', { name: 'deploy-bot', lifetime: '1y' }],
  ['in words', 'deploy-bot 90 days', { name: 'deploy-bot', lifetime: '90 days' }],
  ['in words with a capital', 'deploy-bot 1 Year', { name: 'deploy-bot', lifetime: '1 Year' }],
  ['in words alone', '90 days', { lifetime: '90 days' }],
  ['in words behind a number, which is the name', '2027 90 days', { name: '2027', lifetime: '90 days' }],
  ['of a name of digits there is none', '2027', { name: '2027' }],
  ['in wide letters', 'deploy-bot ３０ｄ', { name: 'deploy-bot', lifetime: '３０ｄ' }],
  ['with a comma before it', 'deploy-bot, 30d', { name: 'deploy-bot', lifetime: '30d' }],
  ['with "for" before it', 'deploy-bot for 30 days', { name: 'deploy-bot', lifetime: 'for 30 days' }],
  ['below none', 'deploy-bot -1d', { name: 'deploy-bot', lifetime: '-1d' }],
  ['with a fraction', 'deploy-bot 1.5d', { name: 'deploy-bot', lifetime: '1.5d' }],
  ['of a unit that we lack', 'deploy-bot 6 months', { name: 'deploy-bot', lifetime: '6 months' }],
  ['of another that we lack', 'deploy-bot 5m', { name: 'deploy-bot', lifetime: '5m' }],
  ['twice', 'deploy-bot 30d 2w', { name: 'deploy-bot', lifetime: '30d 2w' }],
  ['to a date', 'deploy-bot until 2027-01-31', { name: 'deploy-bot', lifetime: 'until 2027-01-31' }],
  ['to a date alone', 'until 2027-01-31', { lifetime: 'until 2027-01-31' }],
  ['to what is no date', 'my bot Until tomorrow', { name: 'my bot', lifetime: 'Until tomorrow' }],
  ['to a date in words', 'bot until Jan 31, 2027', { name: 'bot', lifetime: 'until Jan 31, 2027' }],
  ['to a date after quotes', '“a bot” until 2027-01-31', { name: 'a bot', lifetime: 'until 2027-01-31' }],
  ['after quotes with a date', '"wait until noon" 30d', { name: 'wait until noon', lifetime: '30d' }],
  ['not of a date in the quotes', '"wait until 2027-01-31"', { name: 'wait until 2027-01-31' }],
  ['for ever', 'deploy-bot never', { name: 'deploy-bot', lifetime: 'never' }],
  ['and not of what is no unit', 'deploy-bot 30x', { name: 'deploy-bot 30x' }],
  ['and not of a number alone', 'deploy-bot 30', { name: 'deploy-bot 30' }],
  ['and not of a unit alone', 'deploy-bot days', { name: 'deploy-bot days' }],
  ['and not as a part of a word', 'deploy-bot30d', { name: 'deploy-bot30d' }],
] as const)('in create, %s', ([, text, parts]) => {
  expect(parseCommand(`create ${text}`)).toEqual({ verb: 'create', ...parts });
});

test.for([
  ['"deploy bot"'],
  ["'deploy bot'"],
  ['“deploy bot”'],
  ['‘deploy bot’'],
  ['„deploy bot“'],
  ['«deploy bot»'],
  ['`deploy bot`'],
  ['“ deploy bot ”'],
])('the quotes of %s are taken off', ([text]) => {
  expect(parseCommand(`info ${text}`)).toEqual({ verb: 'info', name: 'deploy bot' });
});

test.for([
  ['an apostrophe at the end', "boss'", "boss'"],
  ['an inch sign at the end', '19" rack 3"', '19" rack 3"'],
  ['a quote at the start', '“prod', '“prod'],
  ['quotes of its own, in quotes', '"“prod”"', '“prod”'],
] as const)('a name with %s can be typed', ([, text, name]) => {
  expect(parseCommand(`info ${text}`)).toEqual({ verb: 'info', name });
});

test('a name is one line, however it was typed', () => {
  expect(parseCommand('create deploy\r\n  bot 30d')).toEqual({
    verb: 'create',
    name: 'deploy bot',
    lifetime: '30d',
  });
});

test('nothing but quotes is no name', () => {
  expect(parseCommand('create “”')).toEqual({ verb: 'create' });
});

test.for([
  ['a person with a name', '<@U0BOB|bob>', '@bob'],
  ['a person without one', '<@U0BOB>', '@U0BOB'],
  ['a channel', '<#C0GENERAL|general>', '#general'],
  ['a channel without a name', '<#C0GENERAL>', '#C0GENERAL'],
  ['a group', '<!subteam^S0ONCALL|@oncall>', '@oncall'],
  ['a broadcast', '<!here>', '@here'],
  ['a channel with an empty name', '<#C0ABC123DEF|>', '#C0ABC123DEF'],
  ['a channel whose name begins with its sign', '<#C0GENERAL|#general>', '#general'],
  ['a channel whose name is that sign', '<#C0GENERAL|#>', ''],
  ['a person with an empty name', '<@U0BOB|>', '@U0BOB'],
  ['a person with a name of spaces', '<@U0BOB| >', '@U0BOB'],
  ['a person of whom nothing is there', '<@>', ''],
  ['a channel of which nothing is there', '<#|>', ''],
  ['a group without a name', '<!subteam^S0ONCALL>', '@S0ONCALL'],
  ['a group with an empty name', '<!subteam^S0ONCALL|>', '@S0ONCALL'],
  ['a group whose name has no sign', '<!subteam^S0ONCALL|oncall>', '@oncall'],
  ['a broadcast with a name', '<!here|here>', '@here'],
  ['a broadcast with its sign', '<!channel|@channel>', '@channel'],
  ['a date', '<!date^1392734382^{date}|Feb 18, 2014>', 'Feb 18, 2014'],
  ['a date with a link', '<!date^1392734382^{date}^https://x.org|Feb 18, 2014>', 'Feb 18, 2014'],
  ['a date without a text', '<!date^1392734382^{date}>', '1392734382'],
  ['a link with an empty text', '<https://deploy.io|>', 'https://deploy.io'],
  ['a link with a text of its own', '<https://deploy.io|deploy it>', 'deploy it'],
  ['a mail address without a text', '<mailto:a@b.org>', 'a@b.org'],
  ['a mail address with an empty text', '<mailto:a@b.org|>', 'a@b.org'],
  ['a telephone number', '<tel:+49123|+49 123>', '+49 123'],
  ['a telephone number without a text', '<tel:+49123>', '+49123'],
  ['a person at the end of a text that was cut', 'for <@U0BOB|bo', 'for @bo'],
  ['a channel at the end of one', 'for <#C0GENERAL', 'for #C0GENERAL'],
  ['a group at the end of one', 'for <!subteam^S0ONC', 'for @S0ONC'],
  ['a link at the end of one', 'for <https://deploy.io|depl', 'for depl'],
  ['the sign alone at the end of one', 'for <#', 'for '],
  ['a bracket that was not escaped', 'a < b', 'a < b'],
  ['an escaped entity twice over', '&amp;amp;lt;', '&amp;lt;'],
  ['a host name', '<http://deploy.io|deploy.io>', 'deploy.io'],
  ['a link', '<https://deploy.io/a?b=c>', 'https://deploy.io/a?b=c'],
  ['a mail address', '<mailto:a@b.org|a@b.org>', 'a@b.org'],
  ['an ampersand', 'R&amp;D', 'R&D'],
  ['angle brackets', 'a &lt;b&gt; c', 'a <b> c'],
  ['a typed entity, which stays one', '&amp;lt;b&amp;gt;', '&lt;b&gt;'],
  ['an entity in a link', '<https://x.org/?a=1&amp;b=2>', 'https://x.org/?a=1&b=2'],
  ['a form that was typed by hand', '&lt;@U0BOB&gt;', '<@U0BOB>'],
  ['several of them', '<@U0BOB|bob> and <#C0|c>', '@bob and #c'],
] as const)('%s is read as it was typed', ([, text, typed]) => {
  expect(unescaped(text)).toBe(typed);
});

test.for([
  ['alone', VALUE],
  ['as a name', `create ${VALUE}`],
  ['as a part of a name', `create deploy ${VALUE} bot 30d`],
  ['after info', `info ${VALUE}`],
  ['after list', `list ${VALUE}`],
  ['after help', `help ${VALUE}`],
  ['after an unknown verb', `frobnicate ${VALUE}`],
  ['in code', `create \`${VALUE}\``],
  ['in curly quotes', `create “${VALUE}”`],
  ['in angle brackets', `create &lt;${VALUE}&gt;`],
  ['in a link', `create <https://x.org/${VALUE}>`],
  ['with an invisible character in it', `create ${VALUE.slice(0, 20)}\u200b${VALUE.slice(20)}`],
  ['in fullwidth letters', `create ${fullwidth(VALUE)}`],
  ['of another prefix', `create ${TokenValue.generate('x9').reveal()}`],
] as const)('a value %s is not part of what was understood', ([, text]) => {
  const command = parseCommand(text);

  expect(command).toEqual({ verb: 'holds_value', values: [expect.any(TokenValue)] });
  expect(JSON.stringify(command)).not.toMatch(/_[0-9A-Za-z]{12}/);
});

test.for([
  ['alone', `revoke ${VALUE}`],
  ['by a synonym', `kill ${VALUE}`],
  ['in code', `revoke \`${VALUE}\``],
  ['in curly quotes', `revoke “${VALUE}”`],
  ['in angle brackets', `revoke &lt;${VALUE}&gt;`],
  ['among other words', `revoke please ${VALUE} now`],
] as const)('a value after revoke, %s, is what shall be revoked', ([, text]) => {
  const command = parseCommand(text);

  expect('value' in command && command.value.reveal()).toBe(VALUE);
  expect(JSON.stringify(command)).not.toContain(VALUE.slice(9));
});

test('what has the shape of a value and wrong check digits is a name', () => {
  expect(parseCommand(`revoke ${NO_VALUE}`)).toEqual({ verb: 'revoke', name: NO_VALUE });
});

test.for([
  ['creat', 'create'],
  ['craete deploy-bot', 'create'],
  ['lst', 'list'],
  ['inof', 'info'],
  ['revok deploy-bot', 'revoke'],
  ['kil', 'revoke'],
  ['hlep', 'help'],
  ['list nonsense', 'list'],
  ['constructor', 'help'],
  ['__proto__', 'help'],
  ['rotat deploy-bot', 'rotate'],
  ['histroy', 'history'],
  ['frobnicate', 'help'],
  ['go', 'help'],
  ['revok <@U0BOB000001|bob>', 'revoke'],
  ['x'.repeat(5000), 'help'],
] as const)('"%s" is not understood, and "%s" is offered', ([text, nearest]) => {
  const [word = '', ...rest] = text.split(' ');
  const expected = word === 'list' ? { typed: text, rest: '' } : { typed: word, rest: rest.join(' ') };
  expect(parseCommand(text)).toEqual({ verb: 'unknown', nearest, ...expected });
});

test('any text is a command of some kind, in a moment', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom('<', '>', '|', '"', ' ', '&', 'd', '3', 'create '), maxLength: 1000 }),
  );

  fc.assert(
    fc.property(text, (typed) => {
      const started = performance.now();
      expect(parseCommand(typed).verb).toMatch(/^[a-z_]+$/);
      expect(performance.now() - started).toBeLessThan(250);
    }),
    { numRuns: 60 },
  );
});

function fullwidth(text: string): string {
  return text.replace(/[!-~]/g, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0));
}

test.for([
  ['names', 'revoke a-bot b-bot', ['a-bot', 'b-bot']],
  ['names with a comma', 'revoke a-bot, b-bot,c-bot', ['a-bot', 'b-bot', 'c-bot']],
  ['names and a word between', 'revoke a-bot and b-bot &amp; c-bot', ['a-bot', 'b-bot', 'c-bot']],
  ['names in quotes', 'info “a bot” "b bot"', ['“a bot”', '"b bot"']],
  [
    'ids',
    'revoke tok_0123456789abcdef tok_fedcba9876543210',
    ['tok_0123456789abcdef', 'tok_fedcba9876543210'],
  ],
  ['people', 'revoke <@U0ANN|ann> <@U0BOB>', ['<@U0ANN|ann>', '<@U0BOB>']],
  [
    'people whose names have spaces',
    'kill <@U0ANN|ann lee>, <@U0BOB|bob>',
    ['<@U0ANN|ann lee>', '<@U0BOB|bob>'],
  ],
  ['a name and a person', 'revoke a-bot <@U0ANN|ann>', ['a-bot', '<@U0ANN|ann>']],
  ['the same twice', 'revoke a-bot a-bot', []],
  ['one name', 'revoke a-bot', []],
  ['one name in quotes', 'revoke "a bot"', []],
  ['nothing', 'revoke', []],
  ['what looks like a value', `revoke ${NO_VALUE} a-bot`, []],
  ['more than a button holds', `revoke ${'x'.repeat(301)} a-bot`, []],
  ['names with semicolons between them', 'revoke a-bot;b-bot; R&amp;D', ['a-bot', 'b-bot', 'R&amp;D']],
] as const)('%s are parts, each to be typed on its own', ([, text, parts]) => {
  expect(partsOf(text).map(({ typed }) => typed)).toEqual(parts);
});

test('a part is shown as it was typed', () => {
  expect(partsOf('revoke <@U0ANN|ann> R&amp;D').map(({ shown }) => shown)).toEqual(['@ann', 'R&D']);
});

test('no more parts are told of than have room', () => {
  expect(partsOf(`info ${Array.from({ length: 1000 }, (_, i) => `bot-${i}`).join(' ')}`)).toHaveLength(10);
});
