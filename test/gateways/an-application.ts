import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What hands a request to an application other than by HTTP/1. */
export type ApplicationKind = 'fastcgi' | 'uwsgi' | 'scgi' | 'grpc';

/** An application that keeps the variables of each request, by their names as CGI has them (RFC 3875 §4.1). It answers 200. */
export type Application = { readonly port: number; readonly passed: Readonly<Record<string, string>>[] };

const ANSWER = 'Content-Type: text/plain\r\nContent-Length: 7\r\n\r\nthe API';
const FASTCGI_HEADER_BYTES = 8;
const FASTCGI = { END_REQUEST: 3, PARAMS: 4, STDIN: 5, STDOUT: 6 } as const;
const UWSGI_HEADER_BYTES = 4;

/** A whole request in `bytes`, or undefined while some of it is missing. */
type Read = (bytes: Buffer) => Record<string, string> | undefined;

/** Starts an application of that kind. It is closed with the test. */
export async function startApplication(kind: ApplicationKind): Promise<Application> {
  const passed: Record<string, string>[] = [];
  const server = {
    fastcgi: () => answering(readFastCgi, fastCgiAnswer(`Status: 200 OK\r\n${ANSWER}`), passed),
    scgi: () => answering(readScgi, Buffer.from(`Status: 200 OK\r\n${ANSWER}`), passed),
    uwsgi: () => answering(readUwsgi, Buffer.from(`HTTP/1.1 200 OK\r\n${ANSWER}`), passed),
    grpc: () => grpcServer(passed),
  }[kind]();
  await new Promise<void>((settle) => void server.listen(0, '127.0.0.1', settle));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, passed };
}

function answering(read: Read, answer: Buffer, passed: Record<string, string>[]): Server {
  return createServer((socket: Socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const variables = read(bytes);
      if (variables === undefined) return;
      passed.push(variables);
      socket.end(answer);
    });
  });
}

/** https://fastcgi-archives.github.io/FastCGI_Specification.html §3.3, §5.2: records, until one of STDIN is empty. */
function readFastCgi(bytes: Buffer): Record<string, string> | undefined {
  const params: Buffer[] = [];
  let at = 0;
  while (at + FASTCGI_HEADER_BYTES <= bytes.length) {
    const type = bytes.readUInt8(at + 1);
    const length = bytes.readUInt16BE(at + 4);
    const start = at + FASTCGI_HEADER_BYTES;
    if (type === FASTCGI.PARAMS) params.push(bytes.subarray(start, start + length));
    if (type === FASTCGI.STDIN && length === 0) return fastCgiPairs(Buffer.concat(params));
    at = start + length + bytes.readUInt8(at + 6);
  }
  return undefined;
}

/** §3.4: a length is one byte, or four with the highest bit set. */
function fastCgiPairs(bytes: Buffer): Record<string, string> {
  let at = 0;
  const length = () => {
    const isLong = bytes.readUInt8(at) >= 0x80;
    const read = isLong ? bytes.readUInt32BE(at) - 0x8000_0000 : bytes.readUInt8(at);
    at += isLong ? 4 : 1;
    return read;
  };
  const pairs: string[][] = [];
  while (at < bytes.length) {
    const lengths = [length(), length()];
    pairs.push(
      lengths.map((one) => {
        at += one;
        return bytes.toString('latin1', at - one, at);
      }),
    );
  }
  return variablesOf(pairs);
}

function fastCgiAnswer(text: string): Buffer {
  const record = (type: number, content: Buffer) => {
    const header = Buffer.from([1, type, 0, 1, 0, 0, 0, 0]);
    header.writeUInt16BE(content.length, 4);
    return Buffer.concat([header, content]);
  };
  return Buffer.concat([
    record(FASTCGI.STDOUT, Buffer.from(text)),
    record(FASTCGI.STDOUT, Buffer.alloc(0)),
    record(FASTCGI.END_REQUEST, Buffer.alloc(8)),
  ]);
}

/** https://python.ca/scgi/protocol.txt: a netstring of names and values, each followed by a NUL. */
function readScgi(bytes: Buffer): Record<string, string> | undefined {
  const colon = bytes.indexOf(':');
  const end = colon + 1 + Number(bytes.toString('latin1', 0, colon));
  if (colon === -1 || bytes.length <= end) return undefined;
  const texts = bytes.toString('latin1', colon + 1, end).split('\0');
  return variablesOf(Array.from({ length: texts.length >> 1 }, (_, i) => texts.slice(2 * i, 2 * i + 2)));
}

/** https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html: sizes in 16 bits, the lower byte first. */
function readUwsgi(bytes: Buffer): Record<string, string> | undefined {
  if (bytes.length < UWSGI_HEADER_BYTES) return undefined;
  const end = UWSGI_HEADER_BYTES + bytes.readUInt16LE(1);
  if (bytes.length < end) return undefined;
  const texts: string[] = [];
  for (let at = UWSGI_HEADER_BYTES; at < end; ) {
    const start = at + 2;
    at = start + bytes.readUInt16LE(at);
    texts.push(bytes.toString('latin1', start, at));
  }
  return variablesOf(Array.from({ length: texts.length >> 1 }, (_, i) => texts.slice(2 * i, 2 * i + 2)));
}

/** As CGI would name the headers, so that all kinds can be asked alike. */
function grpcServer(passed: Record<string, string>[]): Http2Server {
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    const pairs = Object.entries(headers).map(([name, text]) => [cgiName(name), String(text)]);
    passed.push(variablesOf([...pairs, ['REQUEST_METHOD', String(headers[':method'])]]));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end('the API');
  });
  return server;
}

/** What PHP makes of a header's name too: a dot becomes an underscore. */
export function cgiName(header: string): string {
  return `HTTP_${header.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

/** Throws when a name comes twice: applications differ in which of the two they believe. */
function variablesOf(pairs: readonly string[][]): Record<string, string> {
  const read = pairs.map(([name = '', text = '']) => [name.replaceAll('.', '_'), text] as const);
  const twice = read.find(([name], index) => read.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw new Error(`${twice[0]} came twice`);
  return Object.fromEntries(read);
}
