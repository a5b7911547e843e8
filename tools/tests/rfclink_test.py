"""tools/rfclink finds citations, follows them, and generates docs/conformance.md."""

import unittest

import fixture

PAGED = """



Network Working Group                                     J. Example
Request for Comments: 1                                   April 1999


                    A Protocol for Examples

Table of Contents

   1.  Introduction . . . . . . . . . . . . . . . . . . . . . . . . .  1
   2.  Rules. . . . . . . . . . . . . . . . . . . . . . . . . . . . .  1
     2.1.  Named in the Contents Only . . . . . . . . . . . . . . . .  1

1.  Introduction

   A client sends.  In Section
   2.7 there is nothing.

Example                     Standards Track                     [Page 1]
\f
RFC 1                       Examples                          April 1999


2.  Rules

   A server MUST answer every
   client.  It MUST NOT sleep while

Example                     Standards Track                     [Page 2]
\f
RFC 1                       Examples                          April 1999


   it answers.

   3. A list is numbered too.

2.10.  The Tenth Rule

   Text.

3. Heading Beside a List

Appendix A.  Differences

A.1.  Small Ones
"""

UNPAGED = """\ufeff


Internet Engineering Task Force (IETF)                        J. Example
Request for Comments: 2                                       April 2021

           More Examples

1.  Introduction

   Text.
"""


class RfcLink(fixture.ToolTest):
    TOOL = "rfclink"
    BASE = {
        "rfc/rfc1.txt": PAGED,
        "rfc/extra/rfc2.txt": UNPAGED,
        "src/net/a.h": "// a.h: (RFC 1 §2.10, RFC 2 §1).\n",
        "docs/page.md": "See RFC 1 Appendix A.1 and the item RFC822.SIZE.\n",
    }

    def run_tool(self, *arguments, **environment):
        environment.setdefault("POSTA_RFC", str(self.root / "rfc"))
        return super().run_tool(*arguments, **environment)

    def generated(self):
        return (self.root / "docs/conformance.md").read_text()

    def assert_error(self, expected, files=None, *arguments, **environment):
        self.write(files or {})
        super().assert_error(expected, files, "--write", *arguments, **environment)

    def cite(self, text):
        self.write({"src/net/b.cc": text})

    def test_a_tree_whose_citations_exist_passes(self):
        self.assert_clean(None, "--write")
        self.assertIn("3 citations of 3 sections", self.assert_clean())

    def test_the_page_says_where_each_section_is_obeyed(self):
        self.assert_clean(None, "--write")
        page = self.generated()
        self.assertIn("## RFC 1: A Protocol for Examples\n", page)
        self.assertIn("- §2.10 The Tenth Rule: `src/net/a.h`\n- §A.1 Small Ones: `docs/page.md`\n",
                      page)
        self.assertIn("## RFC 2: More Examples\n\n- §1 Introduction: `src/net/a.h`\n", page)
        self.assertNotIn("822", page)
        self.assertNotIn(str(self.root), page)

    def test_a_page_that_is_out_of_date_is_an_error(self):
        self.assert_clean(None, "--write")
        self.write({"src/net/b.cc": "// RFC 1 §2\n"})
        super().assert_error("docs/conformance.md:1:out of date")

    def test_a_section_that_does_not_exist_is_an_error(self):
        self.assert_error("src/net/b.cc:2:no section 2.11", {"src/net/b.cc": "\n// RFC 1 §2.11\n"})

    def test_a_number_that_begins_a_line_of_prose_is_no_section(self):
        self.assert_error("src/net/b.cc:1:no section 2.7", {"src/net/b.cc": "// RFC 1 §2.7\n"})

    def test_a_letter_that_begins_a_sentence_is_no_appendix(self):
        self.assert_error("src/net/b.cc:1:no section A", {"src/net/b.cc": "// RFC 2 §A\n"})
        self.assert_clean({"src/net/b.cc": "// RFC 1 §A\n"}, "--write")

    def test_an_entry_in_the_contents_is_enough(self):
        self.cite("// RFC 1 §2.1\n")
        self.assert_clean(None, "--write")
        self.assertIn("- §2.1 Named in the Contents Only: ", self.generated())

    def test_a_heading_is_preferred_to_a_numbered_list(self):
        self.cite("// RFC 1 §3\n")
        self.assert_clean(None, "--write")
        self.assertIn("- §3 Heading Beside a List: ", self.generated())

    def test_a_further_section_belongs_to_the_same_rfc(self):
        self.assert_error("src/net/b.cc:1:no section 9.9",
                          {"src/net/b.cc": "// RFC 1 §2, §9.9\n"})

    def test_a_citation_may_be_broken_over_comment_lines(self):
        self.assert_error("src/net/b.cc:1:no section 9.9",
                          {"src/net/b.cc": "  // see RFC\n  // 1 §9.9\n"})

    def test_quoted_words_are_found_over_lines_and_pages(self):
        self.cite('// RFC 1 §2: "It MUST NOT sleep\n// while it answers."\n'
                  '// RFC 1 §2: "MUST answer ... MUST NOT sleep"\n')
        self.assert_clean(None, "--write")

    def test_two_words_are_a_value_and_no_quotation(self):
        self.cite('// RFC 1 §2: "OK done" is said\n')
        self.assert_clean(None, "--write")

    def test_words_that_the_rfc_does_not_say_are_an_error(self):
        self.assert_error("src/net/b.cc:1:does not say",
                          {"src/net/b.cc": '// RFC 1 §2: "A server SHOULD answer"\n'})
        self.assert_error("src/net/b.cc:1:does not say",
                          {"src/net/b.cc": '// RFC 1 §2: "MUST NOT sleep ... MUST answer"\n'})

    def test_an_rfc_whose_text_is_absent_must_be_listed(self):
        self.assert_error("src/net/b.cc:1:not at hand", {"src/net/b.cc": "// RFC 3 §1\n"})
        self.assert_clean({"tools/rfclink.missing": "# absent\n3 The Third\n"}, "--write")
        self.assertIn("## RFC 3: The Third\n\n- §1: ", self.generated())

    def test_the_list_of_missing_rfcs_has_no_stale_rows(self):
        self.assert_error("tools/rfclink.missing:1:nothing cites",
                          {"tools/rfclink.missing": "4 The Fourth\n"})
        self.assert_error("tools/rfclink.missing:1:is there",
                          {"tools/rfclink.missing": "1 The First\n"})

    def test_a_page_written_without_the_texts_lacks_titles_only(self):
        self.assert_clean(None, "--write", POSTA_RFC="/nowhere")
        self.assertIn("## RFC 1\n\n- §2.10: `src/net/a.h`\n", self.generated())
        self.assert_clean()

    def test_without_the_texts_the_page_is_the_same(self):
        self.assert_clean(None, "--write")
        before = self.generated()
        said = self.assert_clean(None, POSTA_RFC="/nowhere")
        self.assertIn("not at hand", said)
        self.assert_clean(None, "--write", POSTA_RFC="/nowhere")
        self.assertEqual(self.generated(), before)


if __name__ == "__main__":
    unittest.main()
