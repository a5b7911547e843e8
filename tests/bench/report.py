"""Medians, spread, tables and gates from what the rounds measured."""

import statistics

ROWS_IN = {"in1": "1 connection, 4 KiB", "in16": "16 connections, 4 KiB",
           "in64": "64 connections, 4 KiB", "in50k": "16 connections, 50 KiB"}
TITLES = {"relay": "Relay to a sink: 16 connections in, 4 KiB; p50 and p99 from MAIL to the sink"}


IMAP = {"messages": "messages", "select": "SELECT", "flags": "FETCH FLAGS UID",
        "envelopes": "FETCH ENVELOPE ...", "fields": "FETCH HEADER.FIELDS", "store": "STORE 1:*",
        "unseen": "SEARCH UNSEEN", "subject": "SEARCH SUBJECT", "copy": "COPY a tenth",
        "move": "MOVE a tenth", "expunge": "UID EXPUNGE a tenth", "fair_p99": "NOOP beside, p99"}

# figure: the most that a mailbox of 100,000 messages may take, ms
IMAP_GATES = {"select": 0.4, "flags": 20, "envelopes": 200, "fields": 100, "store": 25,
              "copy": 60, "move": 90, "expunge": 30, "fair_p99": 5}


def median(rounds, figure):
    values = [one[figure] for one in rounds if figure in one]
    return statistics.median(values) if values else None


def spread(rounds, figure):
    """The widest difference between rounds, in percent of the median."""
    values = [one[figure] for one in rounds if figure in one]
    middle = statistics.median(values) if values else 0
    return 100 * (max(values) - min(values)) / middle if middle and len(values) > 1 else None


def number(value):
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percent(value):
    return "-" if value is None else f"{value:.0f} %"


def table(title, columns, lines):
    if not lines:
        return ""
    rows = [columns] + lines
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    out = [title, ""]
    for row in rows:
        out.append("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                             for i, (cell, width) in enumerate(zip(row, widths))))
        if row is columns:
            out.append("  ".join("-" * width for width in widths))
    return "\n".join(out) + "\n"


def messages_in(results, row):
    systems = results.get(row, {})
    ours = median(systems.get("posta", []), "end_to_end_per_second")
    lines = []
    for name, rounds in systems.items():
        end_to_end = median(rounds, "end_to_end_per_second")
        times = ours / end_to_end if ours and name != "posta" else None
        lines.append([name, number(median(rounds, "per_second")), number(end_to_end),
                      percent(spread(rounds, "end_to_end_per_second")),
                      number(median(rounds, "cpu_ms")), number(median(rounds, "p50_ms")),
                      number(median(rounds, "p99_ms")), number(median(rounds, "load_cpu_ms")),
                      f"{sum(one['refused'] for one in rounds):,}",
                      number(times) + " x" if times else ""])
    title = f"Messages in: {ROWS_IN[row]}" if row in ROWS_IN else TITLES[row]
    return table(title,
                 ["system", "accepted/s", "end to end/s", "spread", "CPU ms", "p50 ms", "p99 ms",
                  "load's CPU ms", "refused", "posta is"], lines)


def figures(results, row, title, columns):
    """A table of plain figures: columns is {figure: heading}."""
    lines = [[name] + [number(median(rounds, figure)) for figure in columns]
             for name, rounds in results.get(row, {}).items() if rounds]
    return table(title, ["system", *columns.values()], lines)


def physics(results):
    rounds = results.get("physics", [])
    if not rounds:
        return ""
    lines = []
    for group in ("group1", "group16", "group64"):
        each = [one[group] for one in rounds]
        lines.append([f"{group[5:]} x 4 KiB, then one fdatasync",
                      number(median(each, "records_per_second")),
                      number(median(each, "syncs_per_second")),
                      percent(spread(each, "syncs_per_second"))])
    return table("The disk", ["one writer", "records/s", "syncs/s", "spread"], lines)


def store(results):
    lines = []
    for writers in (results["store"][0] if results.get("store") else {}):
        each = [one[writers] for one in results["store"]]
        lines.append([writers] + [number(median(each, figure)) for figure in
                                  ("per_second", "p50_ms", "p99_ms", "cpu_us")]
                     + [percent(spread(each, "per_second"))])
    return table("Store alone: durable commits of a 4 KiB body and six keys",
                 ["writers", "commits/s", "p50 ms", "p99 ms", "CPU us", "spread"], lines)


def sixteen_writers(results):
    return median([one["16"] for one in results.get("store", [])], "per_second")


def tables(results):
    parts = [physics(results), *(messages_in(results, row) for row in [*ROWS_IN, *TITLES]),
             figures(results, "disk", "Disk for each 4 KiB message, octets",
                     {"messages": "messages", "disk_running": "running", "disk_stopped": "stopped",
                      "disk": "at rest, compacted"}),
             figures(results, "start", "Start to the first EHLO reply", {"ms": "ms"}),
             figures(results, "memory", "Idle memory", {"pss_mb": "PSS MB",
                                                        "processes": "processes"}),
             figures(results, "pop3", "Idle POP3 connections, before login",
                     {"connections": "connections", "kib": "KiB each (PSS)"}),
             figures(results, "pop3-login", "Idle POP3 connections, logged in",
                     {"connections": "connections", "kib": "KiB each (PSS)"}),
             figures(results, "logins", "POP3 logins, of accounts that logged in before",
                     {"per_second": "logins/s", "cpu_ms": "CPU ms each",
                      "per_core_second": "logins a core second"}),
             figures(results, "imap-append", "IMAP APPEND, one at a time, 4 KiB",
                     {"per_second": "messages/s", "p50_ms": "p50 ms"}),
             figures(results, "imap", "A mailbox of many messages, ms", IMAP),
             figures(results, "pop3-list", "POP3 STAT + LIST + UIDL",
                     {"messages": "messages", "ms": "ms"}),
             figures(results, "imap-moved", "A mailbox filled by MOVE, in another order",
                     {"messages": "messages", "envelopes": "FETCH ENVELOPE ..., ms",
                      "select_cold": "SELECT after a restart, ms"}),
             figures(results, "imap-idle", "Idle IMAP connections, in IDLE",
                     {"connections": "connections", "kib": "KiB each (PSS)",
                      "wake_ms": "250 to EXISTS, ms"}),
             figures(results, "tls", "Idle POP3 connections in TLS; full handshakes",
                     {"connections": "connections", "kib": "KiB each (PSS)",
                      "per_second": "handshakes/s, one after the other", "cpu_ms": "server CPU ms",
                      "per_core": "handshakes/s a core"}),
             store(results)]
    return "\n".join(part for part in parts if part)


def gates(results):
    """[(words, figure, unit, reached or None)]: None where it was not measured."""
    def ours(row, figure):
        return median(results.get(row, {}).get("posta", []), figure)

    def times(row, peer):
        theirs = median(results.get(row, {}).get(peer, []), "end_to_end_per_second")
        mine = ours(row, "end_to_end_per_second")
        return mine / theirs if mine and theirs else None

    def of_many(figure, row="imap"):
        return ours(row, figure) if ours(row, "messages") == 100_000 else None

    def share_of_commits():
        alone = median([one["1"] for one in results.get("store", [])], "per_second")
        mine = ours("imap-append", "per_second")
        return 100 * mine / alone if mine and alone else None

    def least(words, value, bound, unit):
        return words, value, unit, None if value is None else value >= bound

    def most(words, value, bound, unit):
        return words, value, unit, None if value is None else value <= bound

    return [
        least("64 connections >= 20 x Postfix + Dovecot", times("in64", "Postfix + Dovecot"), 20,
              "x"),
        least("64 connections >= 14 x Postfix", times("in64", "Postfix"), 14, "x"),
        least("1 connection >= 4 x Postfix", times("in1", "Postfix"), 4, "x"),
        least("50 KiB >= 5 x Postfix", times("in50k", "Postfix"), 5, "x"),
        least("50 KiB >= 5 x Postfix + Dovecot", times("in50k", "Postfix + Dovecot"), 5, "x"),
        least("relay >= 10 x Postfix", times("relay", "Postfix"), 10, "x"),
        most("relay, p50 from MAIL to the sink <= 10 ms", ours("relay", "p50_ms"), 10, "ms"),
        most("CPU <= 0.25 ms per 4 KiB message, 16 connections", ours("in16", "cpu_ms"), 0.25,
             "ms"),
        most("disk <= 3 KB per 4 KiB message, compacted", ours("disk", "disk"), 3000, "octets"),
        most("start to EHLO <= 50 ms", ours("start", "ms"), 50, "ms"),
        most("idle memory <= 25 MB", ours("memory", "pss_mb"), 25, "MB"),
        most("idle POP3 connection <= 4 KiB", ours("pop3", "kib"), 4, "KiB"),
        most("idle POP3 connection, logged in, <= 4 KiB", ours("pop3-login", "kib"), 4, "KiB"),
        least("POP3 logins >= 500/s and core", ours("logins", "per_core_second"), 500, "/s"),
        most("idle POP3 connection in TLS <= 20 KiB", ours("tls", "kib"), 20, "KiB"),
        least("store commits, 16 writers >= 8,000/s", sixteen_writers(results), 8000, "/s"),
        *(most(f"100,000 messages: {IMAP[figure]} <= {bound} ms", of_many(figure), bound, "ms")
          for figure, bound in IMAP_GATES.items()),
        most("100,000 messages: FETCH ENVELOPE ..., filled by MOVE, <= 400 ms",
             of_many("envelopes", "imap-moved"), 400, "ms"),
        most("100,000 messages: SELECT after a restart <= 3.5 ms",
             of_many("select_cold", "imap-moved"), 3.5, "ms"),
        most("100,000 messages: POP3 listing <= 50 ms", of_many("ms", "pop3-list"), 50, "ms"),
        least("IMAP APPEND >= 80 % of one writer's commits", share_of_commits(), 80, "%"),
        most("idle IMAP connection <= 7 KiB", ours("imap-idle", "kib"), 7, "KiB"),
        most("250 to EXISTS <= 1 ms", ours("imap-idle", "wake_ms"), 1, "ms"),
    ]


def gate_lines(results):
    lines = ["Gates", ""]
    for words, value, unit, reached in gates(results):
        verdict = {True: "reached", False: "MISSED", None: "not measured"}[reached]
        lines.append(f"  {verdict:13} {words:50} " + (f"{number(value)} {unit}" if value is not None
                                                      else ""))
    return "\n".join(lines)
