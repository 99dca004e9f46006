/**
 * Another text for the policies: does it pass, and what would it change? It is put in force elsewhere.
 *
 * @module
 */
import type { CandidateView, PolicyFiles } from '@countersign/schema'
import { useId, useRef, useState } from 'react'
import { post, type Reply } from '../api/ask.ts'
import { useAnswer } from '../api/use-answer.ts'
import { Section } from '../parts/facts.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { CasesReport } from './cases-report.tsx'
import { CedarEditor } from './cedar-editor.tsx'
import { offsetOf } from './offset.ts'
import { Problems } from './problems.tsx'

export function CandidatePart() {
  const { value, trouble } = useAnswer<PolicyFiles>('/api/policies/files')
  if (!value)
    return trouble ? <TroubleNote trouble={trouble} path="/api/policies/files" /> : <Loading what="the files" />
  return <CedarWorker files={value.files} />
}

/** Keeps what is written while the files in force are looked at again. */
function CedarWorker({ files }: PolicyFiles) {
  const [texts, setTexts] = useState(() => new Map(files.map(({ name, text }) => [name, text])))
  const [open, setOpen] = useState(files[0]?.name ?? 'site.cedar')
  const [trying, setTrying] = useState(false)
  const [reply, setReply] = useState<Reply<CandidateView>>()
  const editor = useRef<HTMLTextAreaElement>(null)
  const field = useId()

  const write = (name: string, text: string) => setTexts(new Map(texts).set(name, text))
  const upload = async (file: File | undefined) => {
    if (!file) return
    write(file.name, await file.text())
    setOpen(file.name)
  }
  const attempt = async () => {
    setTrying(true)
    const sent = [...texts].filter(([, text]) => text.trim() !== '').map(([name, text]) => ({ name, text }))
    setReply(await post<CandidateView>('/api/policies/candidate', { files: sent }))
    setTrying(false)
  }
  const goTo = (file: string, line: number, column: number) => {
    setOpen(file)
    requestAnimationFrame(() => {
      const source = offsetOf(texts.get(file) ?? '', line, column)
      editor.current?.focus()
      editor.current?.setSelectionRange(source, source + 1)
    })
  }
  const changed = files.filter(({ name, text }) => texts.get(name) !== text).map(({ name }) => name)
  return (
    <>
      <Section title="Try a change" aside={<span className="soft">nothing is put in force here</span>}>
        <p className="soft hint">
          Begins as the files in force. Edit, paste or upload; then see whether it passes and what it would change. To
          put it in force, an administrator changes the files where Countersign runs.
        </p>
        <div className="search">
          <label>
            File
            <select value={open} onChange={(event) => setOpen(event.target.value)}>
              {[...texts.keys()].map((name) => (
                <option value={name} key={name}>
                  {changed.includes(name) ? `${name} (changed)` : name}
                </option>
              ))}
            </select>
          </label>
          <label>
            Upload
            <input
              type="file"
              accept=".cedar,.cedarschema"
              onChange={(event) => void upload(event.target.files?.[0])}
            />
          </label>
        </div>
        <label htmlFor={field}>Text of {open}</label>
        <CedarEditor id={field} ref={editor} text={texts.get(open) ?? ''} onWrite={(text) => write(open, text)} />
        <p className="downloads">
          <button type="button" className="primary" disabled={trying} onClick={() => void attempt()}>
            {trying ? 'Trying…' : 'Check and compare'}
          </button>
          <button
            type="button"
            className="quiet"
            onClick={() => {
              setTexts(new Map(files.map(({ name, text }) => [name, text])))
              setReply(undefined)
            }}
          >
            Begin again
          </button>
        </p>
      </Section>
      <div aria-live="polite" className="tried">
        {reply?.ok === false && <TroubleNote trouble={reply.trouble} />}
        {reply?.ok === true && reply.value.problems.length > 0 && (
          <Problems problems={reply.value.problems} texts={texts} onGo={goTo} />
        )}
        {reply?.ok === true && reply.value.problems.length === 0 && <Compared candidate={reply.value} />}
      </div>
    </>
  )
}

function Compared({ candidate }: { candidate: CandidateView }) {
  const { version, added, removed, changed, differences, cases } = candidate
  const lists = [
    { title: 'Added', ids: added },
    { title: 'Removed', ids: removed },
    { title: 'Changed', ids: changed },
  ].filter(({ ids }) => ids.length > 0)
  return (
    <>
      <Section
        title="What it would change"
        aside={<span className="soft">It passes every check. It is not in force.</span>}
      >
        {lists.length === 0 && <p>No policy: this is what is in force.</p>}
        {lists.map(({ title, ids }) => (
          <p key={title}>
            <b>{title}:</b> <span className="mono">{ids.join(', ')}</span>
          </p>
        ))}
        {differences.length > 0 && (
          <>
            <h3>Cases that would come out otherwise</h3>
            <ul className="cases">
              {differences.map(({ name, expected, now, would }) => (
                <li key={name}>
                  <b>{name}</b>
                  <span>
                    now <span className="mono">{now}</span> <span aria-hidden="true">→</span> then{' '}
                    <b className="mono">{would}</b>
                    {would !== expected && <span className="bad-text"> (expected {expected})</span>}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
        {differences.length === 0 && lists.length > 0 && <p className="soft">No case comes out otherwise.</p>}
        <p className="soft">
          Version <span className="mono">{version?.slice(0, 16)}</span>
        </p>
      </Section>
      {cases && <CasesReport cases={cases} />}
    </>
  )
}
