import { catalogue } from '@countersign/core'

/** `docs/errors.md`: the catalogue as a table. */
export function errorsPage(): string {
  const rows = Object.entries(catalogue).map(([code, { status, says }]) => `| \`${code}\` | ${status} | ${says} |`)
  return `# Errors

_Printed from \`packages/core/src/errors.ts\` by \`npm run docs\`._

Every error has a stable code, an HTTP status and a sentence that may be shown to anyone. Branch on the code, never on
the sentence. The API answers with problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) that carry the
code as \`code\`; the HTTP gateway carries it at the end of \`type\`, as in \`urn:countersign:error:ERR_INPUT_INVALID\`.

A refusal is not an error: _denied_, _waiting_, _rejected_, _expired_, _cancelled_ and _voided_ are answers, and
[connect an agent](connect-an-agent.md#what-an-agent-is-told) says how each looks to an agent.

| code | status | what it says |
| ---- | ------ | ------------ |
${rows.join('\n')}
`
}
