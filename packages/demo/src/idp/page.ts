/**
 * The provider's only page: who are you today? Plain HTML, no script; works on a phone, with a keyboard, in the dark.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { DemoPerson } from './people.ts'

const style = `
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #1d2433; --soft: #5a6375; --line: #d9d7d0; --mark: #2f5d50 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171d; --card: #1d222b; --ink: #eceef2; --soft: #a5aebd; --line: #333a46; --mark: #8fd0ba }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem 1rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.45 system-ui, sans-serif }
main { width: 100%; max-width: 27rem }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .35rem }
p { margin: 0 0 1.25rem; color: var(--soft) }
ul { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: .6rem }
button { font: inherit; color: inherit; cursor: pointer }
.person { width: 100%; min-height: 4.25rem; display: grid; grid-template-columns: 2.75rem 1fr; gap: .15rem .9rem; align-items: center;
  text-align: start; padding: .75rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .8rem }
.person:hover { border-color: var(--mark) }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
.face { grid-row: span 2; width: 2.75rem; height: 2.75rem; border-radius: 50%; display: grid; place-items: center;
  background: var(--mark); color: var(--card); font-weight: 600 }
.name { font-weight: 600; align-self: end }
.does { color: var(--soft); font-size: .9rem; align-self: start }
.now { font-weight: 400; font-size: .8rem; color: var(--mark); margin-inline-start: .4rem }
.cancel { width: 100%; min-height: 2.75rem; background: none; border: 0; color: var(--soft); text-decoration: underline }
footer { margin-top: 1.25rem; font-size: .85rem; color: var(--soft) }
`

/** Allows exactly this style, no script, no frame, and forms that lead back to the clients. */
export const contentSecurityPolicy = (clientOrigins: readonly string[]): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    // Chromium also holds the redirects that follow a form to this list.
    `form-action ${["'self'", ...clientOrigins].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

export interface Picker {
  readonly people: readonly DemoPerson[]
  readonly action: string
  readonly client: string
  /** Who is signed in at the provider, if anyone. */
  readonly current: string | undefined
  /** True where someone who is signed in has to say so again. */
  readonly again: boolean
}

export function pickerPage({ people, action, client, current, again }: Picker): string {
  const lead = again
    ? `${client} wants to be sure who is at the keyboard. Choose yourself again.`
    : `Choose who you want to be at ${client}. This is the demo: nobody has a password.`
  return page(
    'Who are you today?',
    `<p>${escape(lead)}</p>
<form method="post" action="${escape(action)}">
<ul>
${people.map((person) => `<li>${choice(person, person.id === current)}</li>`).join('\n')}
</ul>
<button class="cancel" name="cancel" value="yes">Cancel</button>
</form>`,
  )
}

function choice({ id, name, does, groups }: DemoPerson, isCurrent: boolean): string {
  const now = isCurrent ? '<span class="now">signed in now</span>' : ''
  return `<button class="person" name="person" value="${escape(id)}"${isCurrent ? ' autofocus' : ''}>
<span class="face" aria-hidden="true">${escape(name.slice(0, 1))}</span>
<span class="name">${escape(name)}${now}</span>
<span class="does">${escape(does)} <span>(${escape(groups.join(', '))})</span></span>
</button>`
}

export const problemPage = (says: string): string =>
  page('This did not work', `<p>${escape(says)}</p><p>Go back to where you came from and sign in again.</p>`)

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${body}
<footer>Demo identity provider: on this machine only, proves nothing.</footer>
</main>
</body>
</html>
`

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = (text: string) => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
