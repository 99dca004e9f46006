/**
 * A refusal in the form that its client can show: what a tool does not understand, nobody reads.
 *
 * | client                        | form                                                        |
 * | ----------------------------- | ----------------------------------------------------------- |
 * | kubectl, Kubernetes' clients  | `Status`: `Error from server (Forbidden): …`                |
 * | git                           | text while it looks for refs, then pkt-lines (`ERR …`)      |
 * | Terraform's `http` backend    | a lock that is held, whose id says why                      |
 * | npm                           | a problem with a member `error`                             |
 * | curl, Wget                    | text                                                        |
 * | browsers                      | a page                                                      |
 * | others, or whoever asks for it | a problem (https://www.rfc-editor.org/rfc/rfc9457)         |
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Problem } from './problem.ts'

/** What goes out. */
export interface Said {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function inForm(problem: Problem, request: IncomingMessage): Said {
  const { method = '', url = '', headers } = request
  const { 'user-agent': client = '', accept = '', 'content-type': type = '' } = headers
  const git = /^application\/x-git-(upload|receive)-pack-request$/.exec(type)?.[1]
  // To git 401 is no refusal: it comes again with a password.
  if (git && problem.status !== 401) return pktLine(problem, git)
  if (/\/info\/refs\?service=git-(?:upload|receive)-pack$/.test(url)) return plainly(problem)
  if (method === 'LOCK' && isJson(type) && problem.status !== 401) return lock(problem)
  if (/(?:^kubectl\/|\bkubernetes\/)/i.test(client) || /g=meta\.k8s\.io|vnd\.kubernetes\./.test(accept))
    return kubernetes(problem)
  if (client.startsWith('npm/')) return asJson(problem, { error: sentence(problem) })
  if (/\btext\/html\b/i.test(accept)) return page(problem)
  if (/^(?:curl|Wget)\//i.test(client) && !/\bjson\b/i.test(accept)) return plainly(problem)
  return asJson(problem)
}

const isJson = (type: string): boolean => /^application\/json\b/i.test(type)

export const textOf = ({ type, title, status, detail, members }: Problem, more?: object): string =>
  JSON.stringify({ type: `urn:countersign:${type}`, title, status, detail, ...members, ...more })

const asJson = (problem: Problem, more?: object): Said => ({
  status: problem.status,
  headers: { 'content-type': 'application/problem+json' },
  body: textOf(problem, more),
})

/** All that there is to read, a line each. Nothing in it steers a terminal. */
function linesOf({ title, detail, members }: Problem): string[] {
  const url = members?.['url']
  return [title, detail, typeof url === 'string' ? url : undefined]
    .filter((line) => line !== undefined)
    .map((line) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' '))
}

const sentence = (problem: Problem): string => linesOf(problem).join(' ')

const plainly = (problem: Problem): Said => ({
  status: problem.status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${linesOf(problem).join('\n')}\n`,
})

/**
 * https://git-scm.com/docs/protocol-common#_pkt_line_format. A push listens on side bands, of which the third is for what
 * ends it (https://git-scm.com/docs/protocol-capabilities#_side_band_side_band_64k); a fetch knows `ERR`.
 */
function pktLine(problem: Problem, service: string): Said {
  const text = `${service === 'receive' ? '\u0003' : 'ERR '}${sentence(problem).slice(0, 900)}`
  const size = (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')
  return {
    status: 200,
    headers: { 'content-type': `application/x-git-${service}-pack-result` },
    body: `${size}${text}`,
  }
}

/** Of a lock that is not given, Terraform shows the id of the one that stands in its way. */
function lock(problem: Problem): Said {
  const { approval = problem.type } = problem.members ?? {}
  const body = { ID: sentence(problem), Operation: String(approval), Who: 'countersign', Info: sentence(problem) }
  return { status: 423, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function kubernetes(problem: Problem): Said {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: sentence(problem),
    reason: reasons[problem.status] ?? 'Forbidden',
    code: problem.status,
  }
  return { status: problem.status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  428: 'Waiting',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
}

function page(problem: Problem): Said {
  const [title = '', ...lines] = linesOf(problem).map(escaped)
  const paragraphs = lines.map((line) => `<p>${/^https?:/.test(line) ? `<a href="${line}">${line}</a>` : line}</p>`)
  return {
    status: problem.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
    body: `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${title}</title>\n<h1>${title}</h1>\n${paragraphs.join('\n')}\n</html>\n`,
  }
}

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`)
