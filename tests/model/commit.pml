/*
 * How a batch becomes part of the ledger: two or three instances, each with a world in memory, and one insert a batch. What this
 * models and what not, how it is run, and where the code differs: README.md beside it.
 *
 * Parameters (spin -a -DNAME=value):
 *     CMDS     mask of the commands in play, all by default; without SIGN the approval begins granted
 *     FLIGHTS  batches of one instance that may be on their way at once: 1 as in the code, or 2, the harder case and the default
 *     DROPS    answers that may be lost, 1
 *     CRASHES  instances that may die, 1
 *     THREE    a third instance
 *     LIVE     everybody is answered in the end, under weak fairness
 *     TURNS    the other model, at the end of this file: nobody starves beside rivals that never rest
 * One rule taken out: each of these has to fail (NOFENCE with TWICE passes: then each flight is believed by its own answer).
 *     KEYONLY         the insert does not name its predecessor
 *     NOAPPLY         who lost takes up the tree and not the facts
 *     NOIDS           after a lost answer nobody looks for entries of its own
 *     NOFENCE         the old server process is not ended
 *     REFUSE_AT_ONCE  a refusal does not wait for its batch
 *     NOCLOCK         the clock of the instance decides, not that of the database
 *     WOKEN_EARLY     a run begins when its permit is sent
 *     NORETURN        what lost is not put back into the queue
 *     NOTURN          with TURNS: nobody ever holds the end
 *
 * An insert is one step here. A root is (place, set of all commands before it). `hidden` variables are scratch within one step.
 */
#ifndef TURNS

#ifndef FLIGHTS
#define FLIGHTS 2
#endif
#ifndef CMDS
#define CMDS 127
#endif
#ifndef DROPS
#define DROPS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

/* commands; each comes once, at the instance named behind it */
#define SPEND0 0 /* a permit that spends the grant   0 */
#define SPEND1 1 /* another one                     1 */
#define ATT0   2 /* a permit with attempt id k       0 */
#define ATT1   3 /* the same attempt id, sent again 1 */
#define STOP   4 /* the agent of all permits stopped 1 */
#define SIGN   5 /* the approval is signed          0 */
#define EXPIRE 6 /* the approval expires            1 */
#define NONE   7
#define AT0 37     /* SPEND0 ATT0 SIGN */
#ifdef THREE
#define NI 3
#define AT1 10     /* SPEND1 ATT1 */
#define AT2 80     /* STOP EXPIRE, at a third instance */
#else
#define NI 2
#define AT1 90
#endif
#define BIT(c) (1 << (c))
#define PERMIT(c) ((c) <= ATT1)

/* the approval */
#define open 0
#define granted 1
#define spent 2
#define expired 3

/* answers of an insert */
#define WON 1
#define LOST 2
#define LATE 3
#define EARLY 4

#define SIZE 9
/* the ledger: by place, how long the segment is that begins there, all commands up to its end, and each entry */
byte segn[SIZE]; byte cumat[SIZE]; byte at[SIZE]; byte size; byte all;
/* the truth: what the ledger adds up to */
byte tap; bit tstopped; bit tatt;
bit dblate; /* the database's clock has passed the approval's end */

byte ran; byte told; byte gone; byte refused;  /* masks of commands */

/* what an instance knows is durable */
byte n[NI]; byte cum[NI]; byte ap[NI]; bit stp[NI]; bit att[NI];
bit knowlate[NI]; bit tried[NI]; bit behind[NI]; bit lostanswer[NI];
byte pend[NI];
/* in flight: slots 2i, 2i+1, oldest first; ex: how many of them the server has carried out */
byte nfl[NI]; byte ex[NI];
byte ffirst[2 * NI]; byte fpcum[2 * NI]; byte fa[2 * NI]; byte fb[2 * NI]; byte fref[2 * NI]; byte fres[2 * NI];
byte fap[2 * NI]; bit fst[2 * NI]; bit fatt[2 * NI];
/* what a server still has of a connection that the instance has given up */
byte nz[NI]; byte zfirst[2 * NI]; byte zpcum[2 * NI]; byte za[2 * NI]; byte zb[2 * NI];

byte drops = DROPS; byte crashes = CRASHES;

/* scratch */
hidden byte hc; hidden byte hr; hidden byte hap; hidden byte hst; hidden byte hatt; hidden byte hfirst; hidden byte hpcum;
hidden byte ha; hidden byte hb; hidden byte href; hidden byte hk; hidden byte hres; hidden byte hcnt; hidden byte hpred; hidden byte hl;

/* The law: r = 1 it may stand and the world is changed, 0 it is refused. `late`: known from the database. */
inline judge(c, wap, wst, watt, late, r) {
  r = 0;
  if
  :: c <= SPEND1 && wap == granted && !wst && !late -> wap = spent; r = 1
  :: (c == ATT0 || c == ATT1) && !watt && !wst -> watt = 1; r = 1
  :: c == STOP && !wst -> wst = 1; r = 1
  :: c == SIGN && wap == open && !late -> wap = granted; r = 1
  :: c == EXPIRE && (wap == open || wap == granted) -> wap = expired; r = 1
  :: else
  fi
}

#define timed(c) ((c) <= SPEND1 || (c) == SIGN)

inline stand(c) { /* an entry is written: is it lawful at this very place? */
  assert(c != NONE && at[size] == 0 && (all & BIT(c)) == 0); /* no overlap, nothing twice */
  judge(c, tap, tstopped, tatt, 0, hl);
  assert(hl == 1);
  assert(!(timed(c) && dblate));      /* nothing is spent or signed late */
  assert(!(c == EXPIRE && !dblate));  /* nothing expires early */
  hl = 0; at[size] = c + 1; all = all | BIT(c); size++
}

/* One statement. */
inline insert(first, pcum, a, b, res) {
  hcnt = (a != NONE) + (b != NONE);
#ifdef KEYONLY
  hpred = 1;
#else
  hpred = ((first == 0 && pcum == 0) ||
    (first >= 1 && segn[first - (first >= 1)] == 1 && cumat[first - (first >= 1)] == pcum) ||
    (first >= 2 && segn[first - 2 * (first >= 2)] == 2 && cumat[first - 2 * (first >= 2)] == pcum));
#endif
  if
  :: segn[first] != 0 || !hpred -> res = LOST
  :: else ->
    if
    :: hcnt == 0 -> res = WON /* a look: the end is where it was */
#ifndef NOCLOCK
    :: hcnt > 0 && dblate && ((a != NONE && timed(a)) || (b != NONE && timed(b))) -> res = LATE
    :: hcnt > 0 && !dblate && (a == EXPIRE || b == EXPIRE) -> res = EARLY
#endif
    :: else ->
      assert(first == size); /* no gap */
      if :: a != NONE -> stand(a) :: else fi;
      if :: b != NONE -> stand(b) :: else fi;
      segn[first] = hcnt; cumat[first] = all; res = WON
    fi
  fi;
  hcnt = 0; hpred = 0
}

inline tell(c) { assert((told & BIT(c)) == 0); told = told | BIT(c) } /* one answer each */

inline begin(c) { /* a waiter hears that its facts stand; a permit begins to run */
  tell(c);
  if
  :: PERMIT(c) ->
    assert(all & BIT(c));                 /* not without a durable permit */
    assert((refused & BIT(c)) == 0);
    ran = ran | BIT(c);
    assert((ran & 3) != 3 && (ran & 12) != 12) /* a grant, an attempt: one run */
  :: else
  fi
}

inline refuse(c) {
  tell(c); refused = refused | BIT(c);
  assert((all & BIT(c)) == 0);            /* refused is what does not stand */
  hap = tap; hst = tstopped; hatt = tatt; /* and what the ledger as it is refuses as well */
  judge(c, hap, hst, hatt, dblate, hr);
  assert(hr == 0); hr = 0; hap = 0; hst = 0; hatt = 0
}

#define EACH(mask, what) hk = 0; do :: hk < 7 -> if :: mask & BIT(hk) -> what :: else fi; hk++ :: else -> break od; hk = 0

#define ready(i, c) ((pend[i] & BIT(c)) && !((c) <= SPEND1 && hap == open && !dblate) && !((c) == EXPIRE && tried[i] && !dblate))

inline pick(i) {
  if
  :: ready(i, SPEND0) -> hc = SPEND0 :: ready(i, SPEND1) -> hc = SPEND1 :: ready(i, ATT0) -> hc = ATT0
  :: ready(i, ATT1) -> hc = ATT1 :: ready(i, STOP) -> hc = STOP :: ready(i, SIGN) -> hc = SIGN
  :: ready(i, EXPIRE) -> hc = EXPIRE
  :: else -> hc = NONE
  fi
}

inline place(i) { /* judge hc on the world with all that is in flight */
#ifdef NOCLOCK
  if :: judge(hc, hap, hst, hatt, 0, hr) :: judge(hc, hap, hst, hatt, 1, hr) fi; /* its own clock, wrong by any amount */
#else
  judge(hc, hap, hst, hatt, knowlate[i], hr);
#endif
  pend[i] = pend[i] & ~BIT(hc);
  if
  :: hr && ha == NONE -> ha = hc
  :: hr && ha != NONE -> hb = hc
#ifdef REFUSE_AT_ONCE
  :: !hr -> hres = hap; hl = hst; hcnt = hatt; refuse(hc); hap = hres; hst = hl; hatt = hcnt; hres = 0; hl = 0; hcnt = 0
#else
  :: !hr -> href = href | BIT(hc)
#endif
  fi;
  hr = 0
}

inline send(i) {
  if
  :: nfl[i] == 0 -> hfirst = n[i]; hpcum = cum[i]; hap = ap[i]; hst = stp[i]; hatt = att[i]
  :: else ->
    hk = 2 * i + nfl[i] - 1;
    hfirst = ffirst[hk] + (fa[hk] != NONE) + (fb[hk] != NONE);
    hpcum = fpcum[hk];
    if :: fa[hk] != NONE -> hpcum = hpcum | BIT(fa[hk]) :: else fi;
    if :: fb[hk] != NONE -> hpcum = hpcum | BIT(fb[hk]) :: else fi;
    hap = fap[hk]; hst = fst[hk]; hatt = fatt[hk]; hk = 0
  fi;
  ha = NONE; hb = NONE; href = 0;
  pick(i);
  if
  :: hc == NONE
  :: else ->
    place(i);
    if :: pick(i); if :: hc != NONE -> place(i) :: else fi :: skip fi;
#ifdef REFUSE_AT_ONCE
    if :: ha == NONE -> goto sent :: else fi;
#endif
    hk = 2 * i + nfl[i];
    ffirst[hk] = hfirst; fpcum[hk] = hpcum; fa[hk] = ha; fb[hk] = hb; fref[hk] = href; fres[hk] = 0;
    fap[hk] = hap; fst[hk] = hst; fatt[hk] = hatt; hk = 0;
    nfl[i] = nfl[i] + 1;
#ifdef WOKEN_EARLY
    if :: ha != NONE -> begin(ha) :: else fi
#endif
  fi;
sent:
  hfirst = 0; hpcum = 0; hap = 0; hst = 0; hatt = 0; ha = 0; hb = 0; href = 0; hc = 0
}

inline clear(k) { ffirst[k] = 0; fpcum[k] = 0; fa[k] = 0; fb[k] = 0; fref[k] = 0; fres[k] = 0; fap[k] = 0; fst[k] = 0; fatt[k] = 0 }

inline shift(i) {
  hk = 2 * i;
  ffirst[hk] = ffirst[hk+1]; fpcum[hk] = fpcum[hk+1]; fa[hk] = fa[hk+1]; fb[hk] = fb[hk+1]; fref[hk] = fref[hk+1];
  fres[hk] = fres[hk+1]; fap[hk] = fap[hk+1]; fst[hk] = fst[hk+1]; fatt[hk] = fatt[hk+1];
  clear(hk + 1); hk = 0; nfl[i] = nfl[i] - 1; ex[i] = ex[i] - 1
}

inline back(i, k) { /* its commands wait again */
  if :: fa[k] != NONE -> pend[i] = pend[i] | BIT(fa[k]) :: else fi;
  if :: fb[k] != NONE -> pend[i] = pend[i] | BIT(fb[k]) :: else fi;
  pend[i] = pend[i] | fref[k]
}

inline hear(i) {
  hc = 2 * i;
  if
  :: fres[hc] == WON ->
#ifndef TWICE
    assert(!behind[i]); /* nothing stands behind what lost: only true with the fence */
#endif
    n[i] = ffirst[hc] + (fa[hc] != NONE) + (fb[hc] != NONE); cum[i] = fpcum[hc];
    if :: fa[hc] != NONE -> cum[i] = cum[i] | BIT(fa[hc]); begin(fa[hc]) :: else fi;
    if :: fb[hc] != NONE -> cum[i] = cum[i] | BIT(fb[hc]); begin(fb[hc]) :: else fi;
    ap[i] = fap[hc]; stp[i] = fst[hc]; att[i] = fatt[hc];
    href = fref[hc]; EACH(href, refuse(hk)); href = 0
  :: else ->
    if :: fres[hc] == LATE -> knowlate[i] = 1 :: fres[hc] == EARLY -> tried[i] = 1 :: else fi;
#ifndef NORETURN
    back(i, hc);
#endif
    behind[i] = 1
  fi;
  hc = 0; shift(i)
}

inline abandon(i) { /* the connection is gone; its server goes on with what it has */
  if
  :: nz[i] == 0 ->
    hk = ex[i];
    do
    :: hk < nfl[i] ->
      hc = 2 * i + hk; hl = 2 * i + nz[i];
      zfirst[hl] = ffirst[hc]; zpcum[hl] = fpcum[hc]; za[hl] = fa[hc]; zb[hl] = fb[hc]; nz[i] = nz[i] + 1; hk++
    :: else -> break
    od;
    hk = 0; hc = 0; hl = 0
  :: else
  fi
}

inline forget(i) { clear(2 * i); clear(2 * i + 1); nfl[i] = 0; ex[i] = 0 }

inline found(i, c) { pend[i] = pend[i] & ~BIT(c); begin(c) }

inline catchup(i) {
  n[i] = size; cum[i] = all; behind[i] = 0; lostanswer[i] = 0;
#ifndef NOAPPLY
  ap[i] = tap; stp[i] = tstopped; att[i] = tatt;
#endif
#ifndef NOIDS
  href = pend[i] & all; EACH(href, found(i, hk)); href = 0
#endif
}

#ifdef NOFENCE
#define settled(i) true
#else
#define settled(i) (!lostanswer[i] || nz[i] == 0)
#endif

/* something can be judged; the world it is judged on is the one with all that is in flight */
#define spec(i) (nfl[i] == 0 -> ap[i] : fap[2 * i + nfl[i] - 1])
#define sendable(i) ((pend[i] & 60) || ((pend[i] & 3) && (spec(i) != open || dblate)) || ((pend[i] & 64) && (!tried[i] || dblate)))

proctype instance(byte i) {
end_idle: do
  :: atomic { (!behind[i] && nfl[i] < FLIGHTS && sendable(i)) -> send(i) }
  :: atomic { ex[i] > 0 -> hear(i) }
  :: atomic { behind[i] && nfl[i] == 0 && settled(i) -> catchup(i) }
  :: atomic { nfl[i] > 0 && drops > 0 && nz[i] == 0 -> drops--;      /* the answer is lost */
      abandon(i); back(i, 2 * i); if :: nfl[i] > 1 -> back(i, 2 * i + 1) :: else fi;
      forget(i); behind[i] = 1; lostanswer[i] = 1 }
  :: atomic { crashes > 0 && (pend[i] != 0 || nfl[i] > 0) -> crashes--; /* it dies, and is started again with nothing */
      abandon(i); if :: nfl[i] > 0 -> back(i, 2 * i) :: else fi; if :: nfl[i] > 1 -> back(i, 2 * i + 1) :: else fi;
      gone = gone | (pend[i] & ~told); pend[i] = 0; forget(i);
      n[i] = 0; cum[i] = 0; ap[i] = 0; stp[i] = 0; att[i] = 0; behind[i] = 1; lostanswer[i] = 0; knowlate[i] = 0; tried[i] = 0 }
  od
}

proctype server(byte i) {
end_idle: do
  :: atomic { ex[i] < nfl[i] -> hc = 2 * i + ex[i];
insert(ffirst[hc], fpcum[hc], fa[hc], fb[hc], hres); fres[hc] = hres; hres = 0; hc = 0; ex[i] = ex[i] + 1 }
  od
}

proctype zombie(byte i) {
end_idle: do
  :: atomic { nz[i] > 0 -> hc = 2 * i;
      insert(zfirst[hc], zpcum[hc], za[hc], zb[hc], hres); hres = 0;
      zfirst[hc] = zfirst[hc+1]; zpcum[hc] = zpcum[hc+1]; za[hc] = za[hc+1]; zb[hc] = zb[hc+1];
      zfirst[hc+1] = 0; zpcum[hc+1] = 0; za[hc+1] = 0; zb[hc+1] = 0; hc = 0; nz[i] = nz[i] - 1 }
  :: atomic { nz[i] > 0 -> hc = 2 * i; zfirst[hc] = 0; zpcum[hc] = 0; za[hc] = 0; zb[hc] = 0;
      zfirst[hc+1] = 0; zpcum[hc+1] = 0; za[hc+1] = 0; zb[hc+1] = 0; hc = 0; nz[i] = 0 }
  od
}

proctype time() { dblate = 1 }

init {
  atomic {
    pend[0] = CMDS & AT0; pend[1] = CMDS & AT1;
    if :: CMDS & BIT(SIGN) :: else -> tap = granted; ap[0] = granted; ap[1] = granted fi;
    run instance(0); run instance(1); run server(0); run server(1); run zombie(0); run zombie(1);
#ifdef THREE
    pend[2] = CMDS & AT2; if :: CMDS & BIT(SIGN) :: else -> ap[2] = granted fi;
    run instance(2); run server(2); run zombie(2);
#endif
    run time()
  }
  timeout -> assert((told | gone) == CMDS && (told & gone) == 0) /* nobody waits for ever; all is quiet */
  assert((ran & ~all) == 0 && (refused & all) == 0)
}

#ifdef LIVE
ltl answered { <> ((told | gone) == CMDS) }
#endif

#else /* TURNS: everybody always has work; who gets to write? */

#ifndef NI
#define NI 3
#endif
#define PATIENCE 1 /* losses in a row before the end of the ledger is held */
bit flying[NI]; bit stale[NI]; byte losses[NI];
byte turn[NI]; /* place in the queue for the end: 0: not in it; 1: holds it, 2: the next … */
byte asked;    /* how many are in it */
byte lastwon; bit dead[NI]; byte crashes = 1;
hidden byte k;

inline giveback(i) { /* with the insert that won; or the server ends who stands still */
  if
  :: turn[i] > 0 -> k = 0;
    do :: k < NI -> if :: turn[k] > turn[i] -> turn[k] = turn[k] - 1 :: else fi; k++ :: else -> break od;
    k = 0; turn[i] = 0; asked--
  :: else
  fi
}

#ifdef NOTURN
#define mayi(i) true
#else
#define mayi(i) (asked == 0 || turn[i] == 1)
#endif

active [NI] proctype writer() {
  do
  :: atomic { !flying[_pid] -> flying[_pid] = 1; stale[_pid] = 0 } /* reads what it missed, judges, sends */
  :: atomic { flying[_pid] -> /* the insert */
      if
      :: !stale[_pid] && mayi(_pid) ->
        lastwon = _pid; losses[_pid] = 0; k = 0;
        do :: k < NI -> if :: k != _pid -> stale[k] = 1 :: else fi; k++ :: else -> break od; k = 0;
        giveback(_pid);
        if :: flying[_pid] = 0 :: skip fi /* or the next one was behind it already */
      :: else ->
        flying[_pid] = 0;
        if :: losses[_pid] < PATIENCE -> losses[_pid]++ :: else fi;
        if :: losses[_pid] == PATIENCE && turn[_pid] == 0 -> asked++; turn[_pid] = asked :: else fi
      fi }
  :: atomic { crashes > 0 -> crashes--; flying[_pid] = 0; losses[_pid] = 0; dead[_pid] = 1 } /* and comes back */
  :: atomic { dead[_pid] -> giveback(_pid); dead[_pid] = 0 } /* its transaction is no more */
  od
}

ltl everybody { ([]<> (lastwon == 0)) && ([]<> (lastwon == 1)) && ([]<> (lastwon == NI - 1)) }

#endif
