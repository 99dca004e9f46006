/**
 * The ledger's head, and its verification by this browser.
 *
 * @module
 */
import type { LedgerView } from '@countersign/schema'
import { useAnswer } from '../api/use-answer.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { FactRow, Section } from '../parts/facts.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { Badge } from '../parts/badges.tsx'
import { counted } from '../words/words.ts'
import { Download } from './download.tsx'
import { Verification } from './verification.tsx'

export function Ledger() {
  const { value, trouble } = useAnswer<LedgerView>('/api/ledger')
  return (
    <>
      <header className="page-head">
        <h1>Ledger</h1>
        <p className="soft">Every decision, signature and run, in order. Anyone can check it without trusting us.</p>
      </header>
      {trouble && <TroubleNote trouble={trouble} path="/api/ledger" />}
      {value ? <Head ledger={value} /> : !trouble && <Loading what="the ledger" />}
    </>
  )
}

function Head({ ledger }: { ledger: LedgerView }) {
  const { origin, size, root, vkey, checkpoint } = ledger
  return (
    <>
      <Section title="Verify in this browser">
        <Verification origin={origin} vkey={vkey} />
      </Section>
      <Section title="Head" aside={<Badge tone="warn">unanchored</Badge>}>
        <p>
          <b>{counted(size, 'entry', 'entries')}</b>, signed by this deployment alone: no witness outside has seen this
          head yet. What that means stands above.
        </p>
        <dl className="facts spaced">
          <FactRow label="Log">
            <span className="mono">{origin}</span>
          </FactRow>
          <FactRow label="Root">
            <span className="mono">{root}</span>
          </FactRow>
          <FactRow label="Key">
            <span className="mono">{vkey}</span>
          </FactRow>
        </dl>
        {checkpoint !== undefined && (
          <>
            <h3>Newest signed checkpoint</h3>
            <pre tabIndex={0} aria-label="Checkpoint">
              {checkpoint}
            </pre>
          </>
        )}
      </Section>
      <Elsewhere ledger={ledger} />
    </>
  )
}

/** Where this deployment is not asked: with our verifier, or with openssl alone. */
function Elsewhere({ ledger: { vkey, checkpoint } }: { ledger: LedgerView }) {
  const here = location.origin
  return (
    <Section title="Check it elsewhere">
      <p>
        On a machine that this deployment does not control, with the key written down beforehand. The files are plain
        tiles (<span className="mono">c2sp.org/tlog-tiles</span>): any tool that reads them will do.
      </p>
      <h3>Everything, recomputed by our verifier</h3>
      <Command
        text={`countersign ledger verify ${here} --vkey '${vkey}'`}
        what="the command that verifies everything"
      />
      <h3>One entry, without anything of ours: bash, openssl and coreutils</h3>
      <Command
        text={`countersign ledger export ${here} ledger --entry 0\nbash ledger/verify.sh ledger/entries/0.tlog-proof`}
        what="the commands that verify one entry"
      />
      <h3>Keep this head, and hand it in next time with --known</h3>
      <Command text={`curl -fsS ${here}/ledger/checkpoint > checkpoint.txt`} what="the command that keeps this head" />
      <Download checkpoint={checkpoint} />
    </Section>
  )
}

function Command({ text, what }: { text: string; what: string }) {
  return (
    <div className="command">
      <pre tabIndex={0} aria-label={what}>
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  )
}
