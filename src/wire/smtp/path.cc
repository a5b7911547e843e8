#include "wire/smtp/path.h"

#include "base/text.h"
#include "wire/smtp/replies.h"

namespace posta::wire::smtp {

namespace {

struct PathParser {
  std::string_view line;
  std::string_view& rest;
  PathKind kind;
  const Parse& options;

  std::size_t at() const { return static_cast<std::size_t>(rest.data() - line.data()); }

  std::unexpected<Refused> refuse(std::string_view why, std::size_t where) const {
    const reply::Row& row = kind == PathKind::reverse ? reply::bad_sender : reply::bad_recipient;
    return std::unexpected(Refused{row.with(fmt::format("{}: {}", row.text, why)), where});
  }

  std::expected<Path, Refused> path();
  std::expected<Path, Refused> mailbox(bool bracketed);
  std::expected<void, Refused> a_d_l();
  std::expected<Domain, Refused> domain(std::size_t& octets);
  std::expected<void, Refused> no_list() const;
};

// Domain / address-literal, up to what cannot belong to it.
std::expected<Domain, Refused> PathParser::domain(std::size_t& octets) {
  std::size_t end = rest.starts_with('[') ? rest.find(']') : rest.find_first_of(" \t,:;<>");
  if (rest.starts_with('[') && end != std::string_view::npos) ++end;
  if (end == std::string_view::npos) end = rest.size();
  auto domain = Domain::parse(rest.substr(0, end));
  // The offset may be one into the A-labels, which are longer.
  if (!domain) return refuse(domain.error().what, at() + std::min(domain.error().at, end));
  octets = end;
  rest.remove_prefix(end);
  return *std::move(domain);
}

// RFC 5321 App. C: source routes "MAY" be ignored; we read them and forget them.
std::expected<void, Refused> PathParser::a_d_l() {
  for (;;) {
    if (!rest.starts_with('@')) return refuse("expected @ in a source route", at());
    rest.remove_prefix(1);
    std::size_t octets = 0;
    if (auto hop = domain(octets); !hop) return std::unexpected(std::move(hop).error());
    if (rest.starts_with(':')) break;
    if (!rest.starts_with(',')) return refuse("expected , or : in a source route", at());
    rest.remove_prefix(1);
  }
  rest.remove_prefix(1);
  return {};
}

std::expected<Path, Refused> PathParser::mailbox(bool bracketed) {
  Path path;
  const std::string_view begin = rest;
  const std::size_t begin_at = at();
  auto local = take_local_part(rest);
  if (!local) return refuse(local.error().what, begin_at + local.error().at);
  path.address.local = *std::move(local);
  std::size_t canonical = begin.size() - rest.size() + 2;  // with its brackets
  if (rest.starts_with('@')) {
    rest.remove_prefix(1);
    std::size_t octets = 0;
    auto name = domain(octets);
    if (!name) return std::unexpected(std::move(name).error());
    path.address.domain = *std::move(name);
    canonical += 1 + std::max(octets, path.address.domain.str().size());
  } else if (options.strict &&
             (kind == PathKind::reverse || !equals_ignore_case(path.address.local, "postmaster"))) {
    return refuse("expected @", at());  // RFC 5321 §4.5.1: only <Postmaster> goes without
  }
  path.text = begin.substr(0, begin.size() - rest.size());
  // RFC 5321 §4.5.3.1.3
  if (canonical > kPathOctetsMax) return refuse("a path longer than 256 octets", at());
  if (!options.smtputf8 && !all_ascii(path.text)) return refuse("octets outside ASCII", at());
  if (bracketed) {
    if (!rest.starts_with('>')) {
      if (auto single = no_list(); !single) return std::unexpected(std::move(single).error());
      return refuse("expected >", at());
    }
    rest.remove_prefix(1);
  }
  return path;
}

// `RCPT TO:<a>,<b>` or `a , b`: refused as a whole, with the reason (inventory #66).
std::expected<void, Refused> PathParser::no_list() const {
  std::size_t next = rest.find_first_not_of(" \t");
  if (kind == PathKind::forward && next != std::string_view::npos && rest[next] == ',')
    return std::unexpected(Refused{reply::one_recipient, at() + next});
  return {};
}

std::expected<Path, Refused> PathParser::path() {
  bool bracketed = rest.starts_with('<');
  if (bracketed) {
    rest.remove_prefix(1);
    if (rest.starts_with('>') && kind == PathKind::reverse) {
      rest.remove_prefix(1);
      return Path{{}, {}, true};
    }
    if (rest.starts_with('@'))
      if (auto route = a_d_l(); !route) return std::unexpected(std::move(route).error());
  } else if (options.strict) {
    return refuse("expected <", at());
  }
  auto path = mailbox(bracketed);
  if (!path) return path;
  if (auto single = no_list(); !single) return std::unexpected(std::move(single).error());
  if (!rest.empty() && !is_wsp(rest.front()))
    return refuse("expected a blank after the address", at());
  return path;
}

}  // namespace

std::expected<Path, Refused> take_path(std::string_view line, std::string_view& rest, PathKind kind,
                                       const Parse& options) {
  return PathParser{line, rest, kind, options}.path();
}

}  // namespace posta::wire::smtp
