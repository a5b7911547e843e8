"""Events and their page name the same, and tools/events says where they do not."""

import unittest

import fixture

PAGE = """# Events

<!-- events -->
| event | severity | fields | means |
|---|---|---|---|
| `mta.letter.taken` | info | `queue_id` `size` | it is here |
| `mta.trouble` | error | `error` | the disk |
<!-- end of events -->
"""


class Events(fixture.ToolTest):
    TOOL = "events"
    BASE = {
        "src/mta/events.h": '// mta.letter.gone  not an event: a comment\n'
                            '// what went wrong\n'
                            'inline constexpr std::string_view kTrouble = "mta.trouble";\n',
        "src/mta/take.cc": 'void f() {\n'
                           '  events.emit({"mta.letter.taken", {{"queue_id", id}, {"size", 3}}});\n'
                           '  events.emit({kTrouble, {{"error", e}}, Severity::error});\n'
                           '  parse("mail.example.org"); set("smtp.listen");\n}\n',
        "src/mta/take_test.cc": 'emit({"only.in.tests", {}});\n',
        "docs/admin/events.md": PAGE,
    }

    def test_a_page_that_names_them_all_is_fine(self):
        self.assertIn("2 events", self.assert_clean())

    def test_an_event_that_the_page_does_not_know(self):
        self.assert_error("src/mta/more.cc:2:mta.letter.lost",
                          {"src/mta/more.cc": '\nevents.emit({"mta.letter.lost", {}});\n'})

    def test_an_event_that_no_code_emits(self):
        self.assert_error("docs/admin/events.md:7:no code emits mta.letter.eaten", {
            "docs/admin/events.md": PAGE.replace(
                "| `mta.trouble`", "| `mta.letter.eaten` | info | - | x |\n| `mta.trouble`")})

    def test_other_fields_and_no_meaning(self):
        self.assert_error("docs/admin/events.md:6:other fields",
                          {"docs/admin/events.md": PAGE.replace(" `size`", "")})
        self.assert_error("docs/admin/events.md:6:say what it means",
                          {"docs/admin/events.md": PAGE.replace("it is here", "")})

    def test_what_differs_from_case_to_case_is_declared(self):
        more = "src/mta/events.h"
        table = "//   mta.letter.taken  queue_id size host  warning  by whom\n"
        self.assert_error("docs/admin/events.md:6:other fields",
                          {more: table + self.BASE[more]})
        self.assert_clean({
            more: table + self.BASE[more],
            "docs/admin/events.md": PAGE.replace("| info | `queue_id` `size`",
                                                 "| warning | `queue_id` `size` `host`")})
        self.assert_error("src/mta/events.h:1:mta.letter.taken has size too",
                          {more: table.replace(" size", "") + self.BASE[more]})
        self.assert_error("src/mta/events.h:1:mta.letter.lost is declared", {
            more: table.replace("taken", "lost") + self.BASE[more]})

    def test_write_makes_it_right_and_keeps_what_was_said(self):
        self.write({"docs/admin/events.md": PAGE.replace(" `size`", "")})
        self.run_tool("--write")
        self.assertEqual((self.root / "docs/admin/events.md").read_text(), PAGE)


if __name__ == "__main__":
    unittest.main()
