#include "imap/response.h"

#include <gtest/gtest.h>

namespace posta::imap {
namespace {

std::string shown(const Value& value) {
  switch (value.kind) {
    case Value::Kind::atom: return value.text;
    case Value::Kind::text: return "'" + value.text + "'";
    case Value::Kind::nil: return "nil";
    case Value::Kind::list: break;
  }
  std::string out = "(";
  for (const Value& item : value.items) out += shown(item) + ",";
  return out + ")";
}

std::string shown(std::string_view octets) {
  auto r = parse_response(octets);
  if (!r) return "error at " + std::to_string(r.error().at);
  std::string out = r->kind == Response::Kind::go_on ? "+" : r->tag;
  if (!r->status.empty()) out += r->status + "[" + r->code + "]";
  if (r->number) out += std::to_string(*r->number);
  out += r->name + r->text;
  for (const Value& value : r->values) out += " " + shown(value);
  return out;
}

TEST(Response, IsReadStrictly) {
  struct Case {
    std::string_view octets, shown;
  };
  const Case cases[] = {
      {"t1 OK done", "t1OK[]done"},
      {"t1 NO [TRYCREATE] no", "t1NO[TRYCREATE]no"},
      {"* OK [UIDNEXT 12] next", "OK[UIDNEXT 12]next"},
      {"+ go", "+go"},
      {"* 12 EXISTS", "12EXISTS"},
      {"* SEARCH", "SEARCH"},
      {"* SEARCH 1 2 (MODSEQ 9)", "SEARCH 1 2 (MODSEQ,9,)"},
      {"* 2 FETCH (FLAGS (\\Seen) BODY[HEADER.FIELDS (A)]<0> {4}\r\na\r\nb)",
       "2FETCH (FLAGS,(\\Seen,),BODY[HEADER.FIELDS (A)]<0>,'a\r\nb',)"},
      {"* LIST (\\HasNoChildren) \"/\" \"a \\\"b\\\"\"", "LIST (\\HasNoChildren,) '/' 'a \"b\"'"},
      {"* LIST () NIL x", "LIST () nil x"},
      {"* 1 FETCH (BODY ((\"a\")(\"b\") \"mixed\"))", "1FETCH (BODY,(('a',),('b',),'mixed',),)"},
      {"* 1 FETCH  (FLAGS ())", "error at 10"},
      {"* 1 FETCH (FLAGS () )", "error at 20"},
      {"* 1 FETCH (FLAGS ()", "error at 19"},
      {"* 1 FETCH (BODY[] \"a\r\nb\")", "error at 20"},
      {"* 1 FETCH (BODY[] {9}\r\nabc)", "error at 23"},
      {"* SEARCH ", "error at 9"},
      {"t1 DONE", "error at 7"},
      {"t1 OK", "error at 5"},
      {"t1 OK [X", "error at 7"},
      {"*", "error at 1"},
  };
  for (const Case& c : cases) EXPECT_EQ(shown(c.octets), c.shown) << c.octets;
}

}  // namespace
}  // namespace posta::imap
