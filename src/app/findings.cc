#include "app/findings.h"

#include <boost/json.hpp>

namespace posta::app {

Answer Findings::answer(bool json) const {
  bool wrong = false;
  std::string words;
  boost::json::array list;
  for (const One& one : all_) {
    wrong |= one.kind == Kind::bad;
    const char* name = one.kind == Kind::good ? "ok" : one.kind == Kind::note ? "note" : "WRONG";
    words += fmt::format("{:<6} {}\n", name, one.what);
    list.push_back(boost::json::object{{"is", name}, {"what", one.what}});
  }
  if (json)
    words =
        boost::json::serialize(boost::json::object{{"wrong", wrong}, {"findings", list}}) + "\n";
  return {wrong ? 1 : 0, std::move(words), ""};
}

}  // namespace posta::app
