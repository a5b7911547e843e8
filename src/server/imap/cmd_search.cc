// cmd_search.cc: SEARCH and UID SEARCH (RFC 3501 §6.4.4, RFC 4731, RFC 7162 §3.1.5).
//
//   * SEARCH 2 84 882 (MODSEQ 917162500)
//   * ESEARCH (TAG "a") UID MIN 2 MAX 882 COUNT 3 ALL 2,84,882 MODSEQ 917162500
//
// First the view is asked for every message, then the e-mails of those that it cannot decide
// (search_plan.h).

#include <algorithm>
#include <iterator>
#include <type_traits>

#include <fmt/format.h>

#include "base/check.h"
#include "runtime/worker.h"
#include "server/imap/print.h"
#include "server/imap/search_plan.h"
#include "server/imap/session.h"
#include "wire/message/imap_text.h"

namespace posta::server::imap {

namespace {
// Of a view, before the clock is looked at; fewer if there are many keys.
constexpr std::uint32_t kRows = 512;
constexpr std::size_t kEmailsAtATime = 64;
constexpr std::size_t kOctetsAtATime = 512_KiB;  // of texts, before the clock is looked at
// To decode and map more octets than these takes longer than others may wait: a worker does it.
constexpr std::size_t kDecodedHereMax = 16_KiB;

// What `make` makes of so many octets. Its parameters outlive it.
template <class F>
Task<std::invoke_result_t<F>> made_somewhere(std::size_t octets, F make) {
  if (octets > kDecodedHereMax) {
    auto made = co_await runtime::on_worker(make);
    if (made) co_return *std::move(made);
  }
  co_return make();
}

}  // namespace

struct Session::Searching {
  SearchPlan plan;
  struct Found {
    std::uint32_t number;
    Uid uid;
    ModSeq mod_seq;
  };
  std::vector<Found> found;
  std::vector<std::uint32_t> open;  // numbers that the view could not decide

  void keep(std::uint32_t number, const MessageState& state) {
    found.push_back({number, state.uid, state.mod_seq});
  }
};

Task<Reply> Session::search(wi::Search& command) {
  SearchPlan plan = co_await made_somewhere(reader_.octets().size(),
                                            [&] { return SearchPlan(command.query, *selected_); });
  Searching run{.plan = std::move(plan), .found = {}, .open = {}};
  if (run.plan.has_mod_seq()) enable_condstore();  // RFC 7162 §3.1
  const std::uint32_t count = selected_->count();
  const auto nodes = static_cast<std::uint32_t>(run.plan.nodes());
  const std::uint32_t rows = std::max(1u, kRows / (1 + nodes / 16));
  for (std::uint32_t first = 1; first <= count; first += rows) {
    selected_->visit(first, std::min(count, first + rows - 1),
                     [&](std::uint32_t n, const MessageState& state) {
                       Facts facts;
                       facts.number = n;
                       facts.state = state;
                       facts.recent = selected_->is_recent(state.uid);
                       Verdict verdict = run.plan.judge(facts);
                       if (verdict == Verdict::yes) run.keep(n, state);
                       if (verdict > Verdict::yes) run.open.push_back(n);
                     });
    if (due() && !co_await breathe()) co_return Reply::later();
  }
  auto done = co_await search_emails(run);
  if (end_ != End::open) co_return Reply::later();
  if (!done) co_return unavailable("search", done.error());
  std::ranges::sort(run.found, {}, &Searching::Found::number);
  print_found(command, run);
  co_return Reply::ok("That is all");
}

Task<Result<>> Session::search_emails(Searching& run) {
  for (std::size_t at = 0; at < run.open.size(); at += kEmailsAtATime) {
    const std::size_t end = std::min(run.open.size(), at + kEmailsAtATime);
    std::vector<EmailId> ids;
    for (std::size_t i = at; i < end; ++i)
      ids.push_back(selected_->announced->at(run.open[i]).email);
    CO_TRY(auto emails, co_await mailboxes().emails(account(), std::move(ids)));
    CHECK(emails.size() == end - at);
    for (std::size_t i = at; i < end; ++i) {
      // What is gone for good is found by nobody.
      if (emails[i - at]) CO_TRY_VOID(co_await search_email(run, i, *emails[i - at]));
      if (due() && !co_await breathe()) co_return Result<>();
    }
  }
  co_return Result<>();
}

// Judged as far as the facts go. Nothing: the client is gone.
Task<std::optional<Verdict>> Session::judge(const Searching& run, const Facts& facts) {
  for (;;) {
    facts.progress->allow(kOctetsAtATime);
    const Verdict verdict = run.plan.judge(facts);
    if (verdict != Verdict::needs_time) co_return verdict;
    if (due() && !co_await breathe()) co_return std::nullopt;
  }
}

Task<Result<>> Session::search_email(Searching& run, std::size_t candidate, mailbox::Email& email) {
  CO_TRY_VOID(co_await have_digest(email));
  CO_TRY(auto view, wire::message::DigestView::open(email.digest));
  Progress progress(run.plan.text_keys());
  Facts facts;
  facts.number = run.open[candidate];
  facts.state = selected_->at(facts.number);
  facts.recent = selected_->is_recent(facts.state.uid);
  facts.digest = &view;
  const std::vector<FieldText> prefix = field_texts(email.prefix);
  facts.prefix = &prefix;
  facts.progress = &progress;
  std::optional<Verdict> verdict = co_await judge(run, facts);
  std::vector<FieldText> header;
  if (verdict == Verdict::needs_header) {
    CO_TRY(std::string octets, co_await mailboxes().read(
                                   email, 0,
                                   std::min<std::uint64_t>(email.prefix.size() + view.header_size(),
                                                           limits().header_octets_max)));
    header = co_await made_somewhere(octets.size(), [&octets] { return field_texts(octets); });
    facts.header = &header;
    verdict = co_await judge(run, facts);
  }
  std::vector<std::string> texts;
  if (verdict == Verdict::needs_texts) {
    CO_TRY(texts, co_await texts_of(email));
    facts.texts = &texts;
    if (end_ == End::open) verdict = co_await judge(run, facts);
  }
  if (!verdict || end_ != End::open) co_return Result<>();
  CHECK(*verdict <= Verdict::yes);
  if (*verdict == Verdict::yes) run.keep(facts.number, facts.state);
  co_return Result<>();
}

// All that BODY looks into: the text parts, and the headers of embedded messages.
Task<Result<std::vector<std::string>>> Session::texts_of(const mailbox::Email& email) {
  std::vector<std::string> texts;
  CO_TRY(auto digest, wire::message::decode(email.digest));
  for (std::size_t i = 0; i < digest.parts.size(); ++i) {
    const wire::message::Part& part = digest.parts[i];
    if (i > 0 && digest.parts[part.parent].is_message()) {
      CO_TRY(std::string octets,
             co_await mailboxes().read(email, email.prefix.size() + part.header_start,
                                       std::min<std::uint64_t>(part.body_start - part.header_start,
                                                               limits().header_octets_max)));
      texts.push_back(
          co_await made_somewhere(octets.size(), [&octets] { return text_of_fields(octets); }));
    }
    if (part.type == "text") {
      CO_TRY(std::string octets,
             co_await mailboxes().read(
                 email, email.prefix.size() + part.body_start,
                 std::min<std::uint64_t>(part.body_size(), limits().text_octets_max)));
      auto more = co_await made_somewhere(octets.size(), [&part, &octets] {
        std::vector<std::string> out;
        add_text(out, part, octets);
        return out;
      });
      std::ranges::move(more, std::back_inserter(texts));
    }
    if (due() && !co_await breathe()) break;
  }
  co_return texts;
}

void Session::print_found(const wi::Search& command, const Searching& run) {
  const auto& found = run.found;
  std::string& out = stream_.out();
  auto number = [&](const Searching::Found& one) {
    return command.by_uid ? one.uid.value : one.number;
  };
  const bool all = command.return_all || (command.esearch && !command.return_min &&
                                          !command.return_max && !command.return_count);
  // RFC 4731 §3.2: of all that was found, or of the least and the greatest if only they are told.
  ModSeq mod_seq;
  if (all || command.return_count || !command.esearch) {
    for (const auto& one : found) mod_seq = std::max(mod_seq, one.mod_seq);
  } else if (!found.empty()) {
    if (command.return_min) mod_seq = found.front().mod_seq;
    if (command.return_max) mod_seq = std::max(mod_seq, found.back().mod_seq);
  }
  if (!command.esearch) {
    out += "* SEARCH";
    for (const auto& one : found) append_number(out += ' ', number(one));
    if (run.plan.has_mod_seq() && !found.empty()) {
      append_number(out += " (MODSEQ ", mod_seq.value);
      out += ')';
    }
    out += "\r\n";
    return;
  }
  out += "* ESEARCH (TAG ";
  wire::message::append_string(out, tag_);
  out += command.by_uid ? ") UID" : ")";
  if (!found.empty()) {
    if (command.return_min) append_number(out += " MIN ", number(found.front()));
    if (command.return_max) append_number(out += " MAX ", number(found.back()));
  }
  if (command.return_count) append_number(out += " COUNT ", found.size());
  if (!found.empty() && all) {
    std::vector<std::uint32_t> numbers;
    numbers.reserve(found.size());
    for (const auto& one : found) numbers.push_back(number(one));
    (out += " ALL ") += print_numbers(numbers);
  }
  if (run.plan.has_mod_seq() && !found.empty()) append_number(out += " MODSEQ ", mod_seq.value);
  out += "\r\n";
}

}  // namespace posta::server::imap
