"""Each rule of tools/tidy has a test that fails without it."""

import pathlib
import unittest

import fixture

README = """# net

**Is**: a.

**Is not**: b.

**Called by**: c.

**Calls**: d. `net/sim` is the twin.

**Invariants**: e.

**Start at**: `a.h`.
"""


def function(lines, inside="  step();\n"):
    return "void work() {\n" + inside * lines + "}\n"


class Tidy(fixture.ToolTest):
    TOOL = "tidy"
    BASE = {
        "src/LAYERS": "app\nnet\nrestricted: net/sim\n",
        "src/net/CMakeLists.txt": "posta_room()\n",
        "src/net/README.md": README,
        "src/net/a.h": "// a.h: nothing.\n",
        "src/net/a.cc": '#include "net/a.h"\n',
    }

    def assert_banned(self, rule, code):
        self.assert_error(f"src/net/b.cc:2:[{rule}]", {"src/net/b.cc": f"\n{code}\n"})

    def test_a_tidy_tree_passes(self):
        self.assertIn("no errors", self.assert_clean())

    # lengths

    def test_a_long_file_is_warned_of_and_a_longer_one_is_an_error(self):
        self.assertIn("b.cc:1: warning: 501 lines",
                      self.assert_clean({"src/net/b.cc": "int a;\n" * 501}))
        self.assertNotIn("warning", self.assert_clean({"src/net/b.cc": "int a;\n" * 500}))
        self.assert_error("src/net/b.cc:1:[long-file]", {"src/net/b.cc": "int a;\n" * 801})

    def test_a_function_has_at_most_70_lines(self):
        self.assert_clean({"src/net/b.cc": function(70)})
        self.assert_error("src/net/b.cc:1:work has 71 lines", {"src/net/b.cc": function(71)})

    def test_functions_are_found_in_namespaces_and_classes(self):
        text = "namespace a {\nclass B : public C<int> {\n public:\n" + function(71) + "};\n}\n"
        self.assert_error("src/net/b.cc:4:work has 71", {"src/net/b.cc": text})

    def test_a_constructor_with_braced_members_is_one_function(self):
        text = "B::B(int a)\n    : a_{a}, b_{1} {\n" + "  step();\n" * 71 + "}\n"
        self.assert_error("src/net/b.cc:2:B::B has 71", {"src/net/b.cc": text})

    def test_a_coroutine_with_a_trailing_type_is_a_function(self):
        text = "auto work(int a = f({1})) -> Task<int> {\n" + "  step();\n" * 71 + "}\n"
        self.assert_error("src/net/b.cc:1:work has 71", {"src/net/b.cc": text})

    def test_braces_in_strings_and_comments_do_not_count(self):
        text = 'void a() { say("{"); }  // {\nauto b = R"({{)";\nchar c = \'{\';\n' + function(71)
        self.assert_error("src/net/b.cc:4:work has 71", {"src/net/b.cc": text})

    def test_a_table_inside_a_function_does_not_count(self):
        table = "  const Row rows[] = {\n" + "      {1, 2},\n" * 100 + "  };\n"
        self.assert_clean({"src/net/b.cc": function(1, table)})
        self.assert_clean({"src/net/b.cc": "const Row kRows[] = {\n" + "  {f(1)},\n" * 100 + "};\n"})

    def test_a_test_is_named_by_its_sentence(self):
        text = "TEST(Net, does_it) {\n" + "  step();\n" * 71 + "}\n"
        self.assert_error("src/net/b_test.cc:1:Net.does_it", {"src/net/b_test.cc": text})

    def test_a_long_function_may_say_why(self):
        why = "// tidy: long-function because the states stand in one table\n"
        self.assert_clean({"src/net/b.cc": "\n" + why + function(71)})
        self.assert_error("src/net/b.cc:2:[long-function]",
                          {"src/net/b.cc": "// tidy: long-function because\n" + function(71)})

    def test_a_line_has_at_most_100_columns(self):
        self.assert_clean({"src/net/b.cc": "// " + "ä" * 97 + "\n"})
        self.assert_error("src/net/b.cc:1:101 columns", {"src/net/b.cc": "// " + "ä" * 98 + "\n"})
        self.assert_error("script/go:1:101 columns", {"script/go": "#" * 101 + "\n"})

    def test_a_table_may_be_wider(self):
        off, on = "// clang-format off\n", "// clang-format on\n"
        self.assert_clean({"src/net/b.cc": off + "//" + "a" * 138 + "\n" + on})
        self.assert_error("src/net/b.cc:2:141 columns",
                          {"src/net/b.cc": off + "//" + "a" * 139 + "\n" + on})
        self.assert_error("src/net/b.cc:3:101 columns",
                          {"src/net/b.cc": off + on + "//" + "a" * 99 + "\n"})

    # banned calls

    def test_randomness_comes_from_the_executor(self):
        for code in ("int a = rand();", "std::random_device d;", "getrandom(p, 8, 0);"):
            self.assert_banned("random", code)

    def test_time_comes_from_the_executor(self):
        for code in ("auto t = time(nullptr);", "auto t = std::time(0);", "clock_gettime(0, &t);",
                     "gettimeofday(&t, 0);", "auto t = std::chrono::system_clock::now();",
                     "auto t = steady_clock::now();"):
            self.assert_banned("clock", code)
        self.assert_clean({"src/net/b.cc": "auto t = message.time();\nWall time();\n"})

    def test_no_file_system_throws(self):
        for code in ("auto a = fs::absolute(b);", "fs::recursive_directory_iterator at(path), end;",
                     "x(fs::weakly_canonical(fs::path(a)));", "std::filesystem::remove_all(part);",
                     "using std::filesystem::path; if (at->is_directory()) go();",
                     "f(fs::exists(path)); g(error);"):
            self.assert_banned("filesystem", code)
        self.assert_clean({"src/net/b.cc": "auto a = fs::absolute(f(b), error);\n"
                                           "fs::recursive_directory_iterator at(b, error), end;\n"
                                           "if (path.is_absolute() && at->is_directory(gone)) go();\n"})
        self.assert_clean({"src/net/b_test.cc": "fs::remove_all(path);\n"})

    def test_nobody_sleeps(self):
        for code in ("sleep(1);", "::usleep(1);", "std::this_thread::sleep_for(1s);"):
            self.assert_banned("sleep", code)
        self.assert_clean({"src/net/b.cc": "co_await runtime::sleep_for(1s);\nvoid sleep();\n"})

    def test_there_is_no_thread_local_state(self):
        self.assert_banned("thread-local", "thread_local int a;")

    def test_only_the_program_prints(self):
        for code in ('std::cout << 1;', 'printf("a");', 'std::fprintf(stderr, "a");',
                     'fmt::print("a");', 'puts("a");'):
            self.assert_banned("print", code)
        self.assert_clean({"src/net/b.cc": 'std::snprintf(a, 1, "a");\n',
                           "src/net/b_test.cc": 'std::cout << 1;\n'})

    def test_only_adapters_throw_and_catch(self):
        for code in ("throw 1;", "try { f(); }", "} catch (...) {"):
            self.assert_banned("throw", code)

    def test_nothing_is_ordered_by_pointer(self):
        self.assert_banned("pointer-order", "std::map<const Session*, int> a;")
        self.assert_banned("pointer-order", "std::set<Session *> a;")
        self.assert_clean({"src/net/b.cc": "std::map<int, Session*> a;\n"})

    def test_the_edges_may_do_what_others_may_not(self):
        code = ('#include "net/a.h"\nauto t = std::chrono::steady_clock::now();\n'
                "void f() { throw 1; }\n")
        self.assert_clean({"src/runtime/asio/CMakeLists.txt": "posta_room()\n",
                           "src/runtime/asio/README.md": README.replace("# net", "# runtime/asio"),
                           "src/runtime/asio/b.cc": code})
        self.assert_clean({"src/net/b_bench.cc": "auto t = steady_clock::now();\n"})

    def test_words_in_strings_and_comments_are_no_calls(self):
        self.assert_clean({"src/net/b.cc": '// throw, rand() and thread_local\n'
                                           'auto a = "sleep(1) throw";\n'})

    def test_a_rule_may_be_set_aside_with_a_reason(self):
        self.assert_clean({"src/net/b.cc": "// tidy: clock because it seeds nothing\n"
                                           "auto t = time(nullptr);\n"})
        self.assert_banned("clock", "auto t = time(nullptr);  // tidy: clock because")
        self.assert_banned("clock", "auto t = time(nullptr);  // tidy: sleep because it may")

    # leftovers

    def test_nothing_is_left_to_be_done(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X"):
            self.assert_banned("leftover", f"int a;  // {word} later")
        self.assert_error("docs/a.md:1:[leftover]", {"docs/a.md": "TO" "DO: write\n"})

    def test_a_string_is_no_leftover(self):
        self.assert_clean({"src/net/b.cc": 'auto a = "XX' 'X unknown command";\n'})

    def test_no_machine_is_named(self):
        self.assert_banned("machine-path", 'auto a = "/wo' 'rk/main";')
        self.assert_error("docs/a.md:1:[machine-path]", {"docs/a.md": "see /ro" "ot/posta\n"})
        self.assert_clean({"src/net/b.cc": "\n",
                           "docs/a.md": "https://example.org/wo" "rk/a and src/wo" "rk/b\n"})

    def test_no_line_ends_in_blanks(self):
        self.assert_error("docs/a.md:1:[trailing]", {"docs/a.md": "text \n"})
        self.assert_error("src/net/b.cc:2:[trailing]", {"src/net/b.cc": "\nint a;\t\n"})

    def test_the_last_line_ends(self):
        self.assert_error("docs/a.md:1:[trailing]", {"docs/a.md": "text"})

    # dead files and READMEs

    def test_a_source_in_no_room_is_dead(self):
        self.assert_error("src/attic/b.cc:1:no room", {"src/attic/b.cc": "\n"})

    def test_a_header_that_nobody_includes_is_dead(self):
        self.assert_error("src/net/b.h:1:nobody includes it",
                          {"src/net/b.h": '#include "net/b.h"\n'})
        self.assert_clean({"src/net/c.cc": '#include "net/b.h"\n'})

    def test_a_header_that_cmake_names_is_alive(self):
        self.assert_clean({"src/net/pch.h": "\n",
                           "src/CMakeLists.txt": "target_precompile_headers(a PRIVATE net/pch.h)\n"})

    def test_a_header_of_the_tests_is_included_by_their_paths(self):
        self.assert_clean({"tests/sim/w.h": "\n", "tests/sim/w.cc": '#include "sim/w.h"\n',
                           "tests/sim/v.h": "\n", "tests/sim/v.cc": '#include "v.h"\n',
                           "tests/sim/t.h": "\n", "tests/sim/t.cc": '#include "tests/sim/t.h"\n'})
        self.assert_error("tests/sim/u.h:1:nobody includes it", {"tests/sim/u.h": "\n"})

    def test_every_room_has_a_readme(self):
        (self.root / "src/net/README.md").unlink()
        self.assert_error("src/net/CMakeLists.txt:1:no README.md")

    def test_a_readme_has_the_agreed_headings_in_order(self):
        self.assert_error("src/net/README.md:1:the headings",
                          {"src/net/README.md": README.replace("**Calls**", "**Uses**")})
        self.assert_error("src/net/README.md:1:the first line",
                          {"src/net/README.md": README.replace("# net", "# network")})

    def test_a_readme_is_one_screen(self):
        self.assert_error("src/net/README.md:1:more than a screen",
                          {"src/net/README.md": README + "a\n" * 60})

    def test_a_twin_may_be_described_by_its_parent(self):
        self.write({"src/net/sim/CMakeLists.txt": "posta_room()\n"})
        self.assert_clean()
        self.assert_error("src/net/README.md:1:net/sim",
                          {"src/net/README.md": README.replace("`net/sim`", "it")})


class TidyChanged(fixture.ToolTest):
    """--changed and --clang look at what differs from main."""

    TOOL = "tidy"
    BASE = Tidy.BASE | {"src/net/old.cc": "int a; \n"}

    def setUp(self):
        super().setUp()
        for words in (["init", "-q", "-b", "main"], ["add", "-A"],
                      ["-c", "user.name=a", "-c", "user.email=a@example.org",
                       "commit", "-q", "-m", "one"], ["checkout", "-q", "-b", "work"]):
            fixture.subprocess.run(["git", "-C", str(self.root), *words], check=True)

    def test_only_what_changed_is_looked_at(self):
        self.assert_clean(None, "--changed")
        self.assert_error("src/net/new.cc:1:[trailing]", {"src/net/new.cc": "int b; \n"},
                          "--changed")
        self.assert_error("src/net/old.cc:1:[trailing]")

    def test_clang_tidy_says_what_it_finds(self):
        build = self.root / "build" / "dev"
        source = self.root / "src/net/b.cc"
        self.write({
            ".clang-tidy": "Checks: '-*,bugprone-suspicious-semicolon'\n", ".gitignore": "/build/\n",
            "src/net/b.cc": "int f(int a) {\n  if (a);\n    return 1;\n  return 2;\n}\n",
            "build/dev/compile_commands.json":
                f'[{{"directory": "{build}", "file": "{source}", "command": "clang++ -c {source}"}}]'})
        self.assert_clean(None, "--changed")
        self.assert_error("src/net/b.cc:2:[bugprone-suspicious-semicolon]", None,
                          "--changed", "--clang")


class Format(fixture.ToolTest):
    """tools/format checks, and makes with --fix, the form of the C++ files."""

    TOOL = "format"
    BASE = {".clang-format": "BasedOnStyle: Google\n", "src/net/a.cc": "int a = 1;\n"}

    def test_a_well_formed_tree_passes(self):
        self.assertIn("1 files", self.assert_clean())

    def test_what_is_not_well_formed_is_an_error_until_it_is_fixed(self):
        self.assert_error("src/net/b.cc:1:[format]", {"src/net/b.cc": "int   b=1;\n"})
        self.assert_clean(None, "--fix")
        self.assertEqual((self.root / "src/net/b.cc").read_text(), "int b = 1;\n")

    def test_tests_are_formatted_too(self):
        self.assert_error("tests/b.cc:1:[format]", {"tests/b.cc": "int   b=1;\n"})


class ThisTree(unittest.TestCase):
    """What the rules of tools/tidy leave out is named in one place, and is there."""

    def test_the_tools_can_be_run(self):
        for name in ("layers", "tidy", "rfclink", "format"):
            path = pathlib.Path(fixture.TOOLS / name)
            self.assertTrue(path.stat().st_mode & 0o100, f"{name} is not executable")


if __name__ == "__main__":
    unittest.main()
