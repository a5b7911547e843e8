#include "letters.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace posta::bench {

namespace {

constexpr std::size_t kWords = 4000;
constexpr std::size_t kLineOctets = 72;
constexpr std::size_t kNumberDigits = 10;

class Prose {
 public:
  explicit Prose(std::uint64_t seed) : random_(seed) {
    static constexpr const char* kSyllables[] = {"ba",  "ten", "li",  "or", "mu",  "ra",  "sel",
                                                 "in",  "de",  "pon", "wa", "chi", "er",  "lo",
                                                 "sta", "gi",  "fe",  "an", "ru",  "tion"};
    std::mt19937_64 words(1);  // the language is the same for all
    double sum = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      std::string word;
      std::size_t syllables = 1 + words() % (i < 60 ? 2 : 4);
      for (std::size_t s = 0; s < syllables; ++s)
        word += kSyllables[words() % std::size(kSyllables)];
      words_.push_back(word);
      sum += 1 / std::pow(double(i) + 2.7, 1.0);
      up_to_.push_back(sum);
    }
  }

  std::string line() {
    std::string out = word();
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
    for (;;) {
      std::string next = word();
      if (out.size() + 1 + next.size() > kLineOctets) return out;
      if (random_() % 9 == 0) out += random_() % 3 ? ',' : '.';
      out += ' ' + next;
    }
  }

 private:
  std::string word() {
    double at = up_to_.back() * double(random_() >> 11) / double(1ull << 53);
    return words_[std::size_t(std::ranges::lower_bound(up_to_, at) - up_to_.begin())];
  }

  std::mt19937_64 random_;
  std::vector<std::string> words_;
  std::vector<double> up_to_;  // the sum of the frequencies of this word and those before it
};

void put_number(std::string& out, std::size_t at, std::uint64_t number) {
  for (std::size_t i = kNumberDigits; i-- > 0; number /= 10)
    out[at + i] = static_cast<char>('0' + number % 10);
}

}  // namespace

Letters::Letters(std::size_t octets, std::uint64_t run) {
  const std::string digits(kNumberDigits, '0');
  std::string header = "From: Bob Miller <bob@example.net>\r\nTo: Ann Smith <ann@example.org>\r\n";
  header += "Date: Mon, 12 Jan 2026 10:11:12 +0100\r\nSubject: The weekly report, part ";
  subject_ = header.size();
  header += digits + "\r\nMessage-ID: <" + std::to_string(run) + ".";
  id_ = header.size();
  header += digits +
            "@mail.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n"
            "User-Agent: smtp_load\r\nX-Priority: 3\r\n\r\n";
  octets = std::max(octets, kOctetsMin);
  for (std::size_t i = 0; i < kTexts; ++i) {
    Prose prose(i + 1);
    std::string text = header;
    while (text.size() + 2 * kLineOctets < octets) text += prose.line() + "\r\n";
    while (text.size() + 2 < octets) {  // the rest, so that the size is exact
      std::string line = prose.line().substr(0, octets - text.size() - 2);
      text += line + "\r\n";
    }
    if (text.size() < octets) text.insert(text.size() - 2, octets - text.size(), '.');
    texts_.push_back(text + ".\r\n");  // no line begins with a dot, so none is stuffed
  }
}

void Letters::append(std::string& out, std::uint64_t number) const {
  std::size_t begin = out.size();
  out += texts_[number % kTexts];
  put_number(out, begin + subject_, number);
  put_number(out, begin + id_, number);
}

}  // namespace posta::bench
