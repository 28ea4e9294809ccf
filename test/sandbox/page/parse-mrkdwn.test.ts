import { expect, test } from 'vitest';
import { parseMrkdwn } from '../../../sandbox/page/parse-mrkdwn.ts';

test.for([
  ['plain text', 'as it is', ['as it is']],
  ['escaped signs, once', '&amp;lt; &lt;b&gt;', ['&lt; <b>']],
  ['a style', 'a *b* c', ['a ', { kind: 'bold', spans: ['b'] }, ' c']],
  ['styles in styles', '*a _b_*', [{ kind: 'bold', spans: ['a ', { kind: 'italic', spans: ['b'] }] }]],
  ['no style inside a word', 'snake_case_name 2*3*4', ['snake_case_name 2*3*4']],
  ['code, in which nothing is a style', '`*a*`', [{ kind: 'code', text: '*a*' }]],
  ['a person', '<@U1>', [{ kind: 'mention', sign: '@', id: 'U1', label: undefined }]],
  ['a group', '<!subteam^S1|@ops>', [{ kind: 'mention', sign: '@', id: 'S1', label: 'ops' }]],
  ['a link', '<https://a.b|see>', [{ kind: 'link', url: 'https://a.b', label: 'see' }]],
  [
    'a person in a style',
    '*by <@U1>*',
    [{ kind: 'bold', spans: ['by ', { kind: 'mention', sign: '@', id: 'U1', label: undefined }] }],
  ],
  [
    'a date',
    '<!date^7^{date_short} at {time}|then>',
    [{ kind: 'date', seconds: 7, format: '{date_short} at {time}', url: undefined, fallback: 'then' }],
  ],
  ['a circle', ':red_circle: expired', [{ kind: 'circle', name: 'red_circle' }, ' expired']],
] as const)('%s is read', ([, text, expected]) => {
  expect(parseMrkdwn(text)).toEqual(expected);
});
