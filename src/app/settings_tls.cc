// settings_tls.cc: [tls], and the doors that begin with it.

#include "app/setting_kinds.h"
#include "app/settings_groups.h"

namespace posta::app {

namespace {

using namespace kinds;

// One path, or a list of them.
Setting paths(std::string name, std::string meaning, std::vector<std::string> Config::* field) {
  return {std::move(name), std::move(meaning),
          [field](Config& config, const Value& value) -> Result<> {
            std::vector<Value> list = value.list;
            if (value.kind == Value::Kind::text) list = {value};
            if (list.empty() && value.kind != Value::Kind::list)
              return expected("a path in quotes, or a list of them");
            (config.*field).clear();
            for (const Value& one : list) {
              if (one.kind != Value::Kind::text || one.text.empty())
                return expected("a path in quotes, or a list of them");
              (config.*field).push_back(one.text);
            }
            return {};
          },
          [field](const Config& config) {
            std::string out;
            for (const std::string& path : config.*field)
              out += (out.empty() ? "" : ", ") + quoted(path);
            return (config.*field).size() == 1 ? out : "[" + out + "]";
          },
          "a path in quotes, or a list of them"};
}

}  // namespace

std::vector<Setting> tls_settings() {
  return {
      paths("tls.certificate",
            "PEM files with a certificate and its chain, in the server directory or absolute; the "
            "one for the name that a client asks for is shown, else the first",
            &Config::tls_certificate),
      paths("tls.key", "the private keys of these certificates, in the same order",
            &Config::tls_key),
      yes_or_no("tls.tls12", "speak TLS 1.2 too, not only 1.3", &Config::tls12),
      list_of("pop3s.listen", "addresses and ports that serve POP3 in TLS from the first octet",
              &Config::pop3s_listen, endpoints),
  };
}

}  // namespace posta::app
