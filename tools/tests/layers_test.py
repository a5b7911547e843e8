"""The include law holds, and tools/layers says where it does not."""

import unittest

import fixture


class Layers(fixture.ToolTest):
    TOOL = "layers"
    BASE = {
        "src/LAYERS": "# top\napp\nserver/smtp server/pop3\nplain/*\nstore/memory\nnet\nstore\n"
                      "runtime\nbase\nrestricted: store/memory runtime/sim net/sim\n",
        "src/app/CMakeLists.txt": "posta_room(DEPENDS net store/memory)",
        "src/app/main.cc": '#include "store/memory/memory.h"\n',
        "src/server/smtp/CMakeLists.txt": "posta_room(DEPENDS net base)",
        "src/server/smtp/session.h": '#include "base/text.h"\n',
        "src/server/pop3/CMakeLists.txt": "posta_room(DEPENDS net)",
        "src/server/pop3/session.h": "",
        "src/plain/rock/CMakeLists.txt": "posta_room(DEPENDS base)",
        "src/plain/rock/rock.h": "",
        "src/store/CMakeLists.txt": "posta_room(DEPENDS base TEST_DEPENDS store/memory)",
        "src/store/store.h": '#include "base/text.h"\n',
        "src/store/store_test.cc": '#include "store/memory/memory.h"\n',
        "src/store/memory/CMakeLists.txt": "posta_room(DEPENDS store)",
        "src/store/memory/memory.h": '#include "store/store.h"\n',
        "src/net/CMakeLists.txt": "posta_room(DEPENDS runtime)",
        "src/net/stream.h": '#include <vector>\n#include "runtime/task.h"\n',
        "src/net/sim/CMakeLists.txt": "posta_room(DEPENDS net runtime/sim)",
        "src/net/sim/network.h": '#include "runtime/sim/executor.h"\n#include "net/stream.h"\n',
        "src/runtime/CMakeLists.txt": "posta_room(DEPENDS base)",
        "src/runtime/task.h": "",
        "src/runtime/sim/CMakeLists.txt": "posta_room(DEPENDS runtime)",
        "src/runtime/sim/executor.h": '#include "runtime/task.h"\n',
        "src/base/CMakeLists.txt": "posta_room(LIBS fmt::fmt)",
        "src/base/text.h": "",
        "tests/sim/world.cc": '#include "net/sim/network.h"\n#include "sim/world.h"\n',
        "tests/sim/world.h": "",
    }

    def test_a_lawful_tree_passes(self):
        self.assertIn("11 rooms", self.assert_clean())

    def test_an_include_that_points_up_is_an_error(self):
        self.assert_error("src/base/text.cc:2:stands above it",
                          {"src/base/text.cc": '\n#include "net/stream.h"\n'})

    def test_rooms_of_one_line_do_not_include_each_other(self):
        self.assert_error("src/server/smtp/a.cc:1:on the same line",
                          {"src/server/smtp/a.cc": '#include "server/pop3/session.h"\n'})

    def test_a_star_gives_every_room_of_a_folder_its_line(self):
        self.assert_error("src/store/a.cc:1:stands above it",
                          {"src/store/a.cc": '#include "plain/rock/rock.h"\n'})

    def test_a_restricted_room_is_closed_to_ordinary_rooms(self):
        self.assert_error("src/server/smtp/a.cc:1:restricted",
                          {"src/server/smtp/a.cc": '#include "store/memory/memory.h"\n'})

    def test_a_parent_may_not_include_its_twin(self):
        self.assert_error("src/runtime/a.cc:1:restricted",
                          {"src/runtime/a.cc": '#include "runtime/sim/executor.h"\n'})

    def test_a_twin_may_not_include_a_twin_above_it(self):
        self.assert_error("src/runtime/sim/a.cc:1:stands above it",
                          {"src/runtime/sim/a.cc": '#include "net/sim/network.h"\n'})

    def test_tests_obey_the_law_for_ordinary_rooms(self):
        self.assert_error("src/base/a_test.cc:1:stands above it",
                          {"src/base/a_test.cc": '#include "net/stream.h"\n'})

    def test_fuzz_targets_and_benchmarks_may_use_backends(self):
        text = '#include "store/memory/memory.h"\n'
        self.assert_clean({"src/store/a_fuzz.cc": text, "src/store/a_bench.cc": text})

    def test_a_header_that_does_not_exist_is_an_error(self):
        self.assert_error("src/net/a.cc:1:no file src/stream.h",
                          {"src/net/a.cc": '#include "stream.h"\n'})
        self.assert_error("tests/a.cc:1:no such file", {"tests/a.cc": '#include "net/nothing.h"\n'})

    def test_tests_are_included_beside_below_tests_or_in_full(self):
        self.assert_clean({"tests/sim/a.cc": '#include "world.h"\n#include "sim/world.h"\n'
                                             '#include "tests/sim/world.h"\n'})

    def test_a_test_header_belongs_to_the_tests(self):
        self.assert_clean({"src/store/suite_test.h": '#include "store/memory/memory.h"\n'})

    def test_a_dependency_that_points_up_is_an_error(self):
        self.assert_error("src/base/CMakeLists.txt:1:DEPENDS",
                          {"src/base/CMakeLists.txt": "posta_room(\n  DEPENDS net)\n"})

    def test_a_backend_is_for_test_depends_only(self):
        self.assert_error("src/net/CMakeLists.txt:1:restricted",
                          {"src/net/CMakeLists.txt": "posta_room(DEPENDS store/memory)"})

    def test_a_dependency_on_no_room_is_an_error(self):
        self.assert_error("src/net/CMakeLists.txt:1:no room",
                          {"src/net/CMakeLists.txt": "posta_room(DEPENDS runtime wire)"})

    def test_what_is_included_is_declared(self):
        self.assert_error("src/net/a.cc:1:not among the DEPENDS",
                          {"src/net/a.cc": '#include "store/store.h"\n'})

    def test_what_a_dependency_depends_on_is_declared_too(self):
        self.assert_clean({"src/net/a.cc": '#include "base/text.h"\n'})

    def test_a_room_without_a_line_is_an_error(self):
        self.assert_error("src/attic/CMakeLists.txt:1:no line",
                          {"src/attic/CMakeLists.txt": "posta_room()"})

    def test_a_room_stands_on_one_line_only(self):
        self.assert_error("src/LAYERS:4:stands here twice",
                          {"src/LAYERS": "app\nnet\nbase\nnet\n"})


if __name__ == "__main__":
    unittest.main()
