"""The README of an evidence pack: for a person who has nothing but the pack."""

from bot.domain.control import CONTROL

_TEXT = """\
EVIDENCE: SUPPORT ROLES IN AWS ACCOUNTS

Control      {title}
Ids          Datadog {datadog}; Security Hub {security_hub};
             {cis}
Made         {made_at} by support-role-bot {version}
Findings     read {oldest} to {newest}
Coverage     {in_scope} accounts in scope: {checked} checked, {unknown} could not be read,
             {skipped} skipped (suspended or closed), {unchecked} never checked
Audit chain  length {length}, head
             {head}
             {chain}

WHAT IS WHAT

findings.json        every finding: verdict, reasons, roles, who may assume them, next step
findings.csv         the same as a table; a cell that a spreadsheet would run as a formula has an
                     apostrophe before it
findings.ocsf.json   the same as OCSF Compliance Findings (class 2003, schema 1.3.0), a JSON array
coverage.json        what was in scope, what was checked and when, and each account that was not, with why
controls.json        the control's ids in each version of CIS AWS Foundations, in Datadog, in Security Hub
                     and others
waivers.json         every waiver ever asked for: who asked, who decided, who answers for it, until when, why
changes.jsonl        every fix and undo ever asked for, one a line: who asked, who decided, the hash of the
                     plan, how it ended, and the AWS request ids, which CloudTrail has too
audit.jsonl          the audit log, one event a line, each bound to the one before by its hash
audit-head.json      how long the chain is and the hash of its last event
manifest.json        the files with their sizes and hashes, for programs
MANIFEST.sha256      the same hashes, for sha256sum

A finding says WAIVED where a waiver is in force; what was found stands in its notes. UNKNOWN means that an
account could not be read: it counts as neither good nor bad. People are ids of Slack.

HOW TO CHECK IT

1. That no file was changed since the pack was made:

       sha256sum -c MANIFEST.sha256              (on macOS: shasum -a 256 -c MANIFEST.sha256)

2. That the audit log is whole and unchanged, from this file alone, with the program:

       support-role audit verify audit.jsonl

   or without it. The hash of an event is the SHA-256 of the hash of the event before (64 zeros for the
   first) followed by the event as canonical JSON (RFC 8785):

       python3 - <<'END'
       import hashlib, json
       prev = "0" * 64
       for number, line in enumerate(open("audit.jsonl"), 1):
           event = json.loads(line)
           seq, before, said = event.pop("seq"), event.pop("prev_hash"), event.pop("hash")
           body = json.dumps({{"seq": seq, "event": event}}, sort_keys=True, ensure_ascii=False,
                             separators=(",", ":"))
           real = hashlib.sha256((prev + body).encode("utf-8", "surrogatepass")).hexdigest()
           assert (seq, before, said) == (number, prev, real), f"broken at event {{number}}"
           prev = real
       print("intact, head", prev)
       END

3. That the log was not rewritten as a whole: its head above must continue what the daily digests posted in
   Slack. Each digest shows the number and the hash of the chain's last event on that day; the event of that
   number in audit.jsonl must have that hash. In the database the same is checked with

       support-role audit verify

4. That a change was made as it says: look its AWS request ids up in CloudTrail of that account.
"""


def readme(*, problem: str, **values: str | int) -> str:
    """The text; `problem` is what is wrong with the audit chain, empty when nothing is."""
    broken = f"IS BROKEN. {problem}" if problem else "intact when the pack was made"
    return _TEXT.format(
        title=CONTROL.title,
        datadog=CONTROL.datadog,
        cis=CONTROL.cis_in_words(),
        security_hub=CONTROL.security_hub,
        chain=broken,
        **values,
    )
