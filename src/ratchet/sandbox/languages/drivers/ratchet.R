# Calls of an R function across two pipes, as ratchet.sandbox.lines describes them. In an examiner's
# questions, which name the function behind "exact ", and their answers, a vector of one element and a list,
# both without names, are plain; every other vector is a map of its type, what it holds, and its names and
# dimensions, and NA is nothing within it. Otherwise a list of numbers, of texts or of truth values is a
# vector, and what has names is a map.

ratchet <- local(envir = new.env(parent = baseenv()), {
  depth_limit <- 200
  types <- c("logical", "integer", "double", "character", "list")
  kept <- c("names", "dim", "dimnames", "levels", "class", "row.names")
  classes <- c("factor", "data.frame", "Date")
  input <- output <- NULL

  open <- function() {
    # raw: descriptors of pipes cannot be positioned.
    input <<- file("/dev/fd/3", "rb", raw = TRUE)
    output <<- file("/dev/fd/4", "wb", raw = TRUE)
  }

  receive <- function() {
    head <- ""
    repeat {
      byte <- readBin(input, "raw", 1)
      if (length(byte) == 0 || nchar(head) > 9) return(NULL)
      if (byte == as.raw(10)) break
      head <- paste0(head, rawToChar(byte))
    }
    if (!grepl("^[0-9]{1,9}$", head)) return(NULL)
    payload <- readBin(input, "raw", as.integer(head))
    if (length(payload) == as.integer(head)) payload else NULL
  }

  send <- function(text) {
    data <- charToRaw(text)
    writeBin(c(charToRaw(sprintf("%d\n", length(data))), data), output)
    flush(output)
  }

  texts <- function(values) {
    values[is.na(values)] <- ""
    values <- enc2utf8(values)
    if (!all(validUTF8(values))) stop("a text is not UTF-8", call. = FALSE)
    sprintf("s%d\n%s\n", nchar(values, "bytes"), values)
  }

  # Each element's lines; NA (but not NaN) is nothing.
  elements <- function(values) {
    lines <- switch(typeof(values),
      logical = ifelse(values, "T\n", "F\n"),
      integer = sprintf("i%d\n", values),
      double = ifelse(is.nan(values), "dnan\n",
        ifelse(is.infinite(values), ifelse(values > 0, "dinf\n", "d-inf\n"), sprintf("d%.17g\n", values))),
      character = texts(values)
    )
    lines[is.na(values) & !is.nan(values)] <- "n\n"
    lines
  }

  as_list <- function(lines) paste0(c(sprintf("l%d\n", length(lines)), lines), collapse = "")

  pack <- function(value, depth = 0) {
    if (depth > depth_limit) stop("it is nested too deeply", call. = FALSE)
    if (is.null(value)) return("n\n")
    type <- typeof(value)
    if (!type %in% types || isS4(value)) stop("of type ", type, call. = FALSE)
    marks <- attributes(value)
    if (!all(names(marks) %in% kept) || !all(marks$class %in% classes)) {
      stop("of class ", class(value)[1], call. = FALSE)
    }
    bare <- value
    attributes(bare) <- NULL
    lines <- if (type == "list") vapply(bare, pack, "", depth = depth + 2) else elements(bare)
    if (is.null(marks) && type == "list") return(as_list(lines))
    if (is.null(marks) && length(bare) == 1 && !is.na(bare)) return(lines)
    if (is.null(marks) && type == "double" && length(bare) == 1 && is.nan(bare)) return(lines)
    more <- character(0)
    for (name in names(marks)) more <- c(more, texts(name), pack(marks[[name]], depth + 2))
    paste0(
      c(sprintf("o%d\n", 1 + length(marks)), texts(type), as_list(lines), more),
      collapse = ""
    )
  }

  # A value as other languages have it: a vector is a list, and what has names is a map.
  pack_plainly <- function(value, depth = 0) {
    if (depth > depth_limit) stop("it is nested too deeply", call. = FALSE)
    if (is.factor(value)) value <- as.character(value)
    if (is.null(value)) return("n\n")
    if (!typeof(value) %in% types || isS4(value)) stop("of type ", typeof(value), call. = FALSE)
    labels <- names(value)
    single <- !is.list(value) && is.null(labels)
    attributes(value) <- NULL
    lines <- if (is.list(value)) vapply(value, pack_plainly, "", depth = depth + 1) else elements(value)
    if (single && length(lines) == 1) return(lines)
    if (is.null(labels)) return(as_list(lines))
    paste0(c(sprintf("o%d\n", length(lines)), rbind(texts(labels), lines)), collapse = "")
  }

  # The value of what `unpack` read, for a function that was written for vectors.
  made_plainly <- function(node) {
    if (node[[1]] == "o") {
      values <- lapply(node[[2]], function(pair) made_plainly(pair[[2]]))
      names(values) <- vapply(node[[2]], function(pair) as.character(pair[[1]][[2]]), "")
      return(values)
    }
    if (node[[1]] != "l") return(node[[2]])
    kinds <- unique(vapply(node[[2]], `[[`, "", 1))
    values <- lapply(node[[2]], made_plainly)
    for (alike in list("s", c("T", "F"), c("i", "d"))) {
      if (length(kinds) > 0 && all(kinds %in% alike)) return(unlist(values))
    }
    values
  }

  wrong <- function() stop("the answer is not plain data", call. = FALSE)

  unpack <- function(payload) {
    ends <- which(payload == as.raw(10))
    at <- 1L
    # Where the next line feed is: texts are passed over by their length.
    nth <- 1L

    line <- function() {
      while (nth <= length(ends) && ends[nth] < at) nth <<- nth + 1L
      if (nth > length(ends)) wrong()
      text <- if (ends[nth] > at) rawToChar(payload[at:(ends[nth] - 1L)]) else ""
      at <<- ends[nth] + 1L
      text
    }

    # A value as the list of its kind and content: nothing has a place in a list then.
    read <- function(depth) {
      if (depth > depth_limit) wrong()
      head <- line()
      kind <- substr(head, 1, 1)
      rest <- substring(head, 2)
      switch(kind,
        n = list("n", NULL),
        T = list("T", TRUE),
        F = list("F", FALSE),
        i = {
          number <- suppressWarnings(as.numeric(rest))
          if (is.na(number)) wrong()
          list("i", if (abs(number) <= .Machine$integer.max) as.integer(number) else number)
        },
        d = list("d", switch(rest, inf = Inf, `-inf` = -Inf, nan = NaN, as.numeric(rest))),
        s = {
          size <- as.integer(rest)
          if (is.na(size) || size > length(payload) - at) wrong()
          text <- if (size > 0) rawToChar(payload[at:(at + size - 1L)]) else ""
          Encoding(text) <- "UTF-8"
          at <<- at + size + 1L
          list("s", text)
        },
        l = {
          size <- as.integer(rest)
          if (is.na(size) || size > length(payload)) wrong()
          list("l", lapply(seq_len(size), function(i) read(depth + 1)))
        },
        o = {
          size <- as.integer(rest)
          if (is.na(size) || size > length(payload)) wrong()
          list("o", lapply(seq_len(size), function(i) list(read(depth + 1), read(depth + 1))))
        },
        wrong()
      )
    }
    read(0)
  }

  # The value of what `unpack` read.
  made <- function(node) {
    switch(node[[1]],
      l = lapply(node[[2]], made),
      o = vector_of(node[[2]]),
      node[[2]]
    )
  }

  vector_of <- function(pairs) {
    keys <- vapply(pairs, function(pair) if (pair[[1]][[1]] == "s") pair[[1]][[2]] else wrong(), "")
    if (length(keys) == 0 || !keys[1] %in% types || !all(keys[-1] %in% kept)) wrong()
    if (pairs[[1]][[2]][[1]] != "l") wrong()
    items <- pairs[[1]][[2]][[2]]
    if (keys[1] == "list") {
      value <- lapply(items, made)
    } else {
      form <- c(logical = "TFn", integer = "in", double = "dn", character = "sn")[[keys[1]]]
      if (!all(vapply(items, function(item) grepl(item[[1]], form, fixed = TRUE), NA))) wrong()
      value <- rep(as.vector(NA, keys[1]), length(items))
      there <- vapply(items, function(item) item[[1]] != "n", NA)
      value[there] <- as.vector(unlist(lapply(items[there], `[[`, 2)), keys[1])
    }
    for (i in seq_along(pairs)[-1]) {
      mark <- made(pairs[[i]][[2]])
      if (keys[i] == "class" && !all(mark %in% classes)) wrong()
      attr(value, keys[i]) <- mark
    }
    value
  }

  # Answers calls of a function until the pipe ends.
  serve <- function(name) {
    while (!is.null(payload <- receive())) {
      answer <- tryCatch(
        {
          question <- unpack(payload)[[2]]
          exact <- startsWith(question[[1]][[2]], "exact ")
          arguments <- lapply(question[-1], if (exact) made else made_plainly)
          value <- do.call(name, arguments, quote = TRUE, envir = globalenv())
          paste0("l1\n", if (exact) pack(value, 1) else pack_plainly(value, 1))
        },
        error = function(problem) {
          message <- iconv(conditionMessage(problem), "", "UTF-8", "?")
          paste0(c("l2\n", texts(c(class(problem)[1], message))), collapse = "")
        }
      )
      send(answer)
    }
    quit("no", 0)
  }

  give_up <- function(why) {
    message("ratchet: ", why)
    quit("no", 1, runLast = FALSE)
  }

  # What the function of the other process answers; raises what it raised. Ends this process if there is no
  # answer.
  ask <- function(name, arguments) {
    question <- as_list(c(texts(paste("exact", name)), vapply(arguments, pack, "", depth = 1)))
    payload <- tryCatch({ send(question); receive() }, error = function(problem) NULL)
    if (is.null(payload)) give_up("the program has ended")
    answer <- tryCatch(
      {
        node <- unpack(payload)
        list(node[[1]] == "l", vapply(node[[2]], `[[`, "", 1), lapply(node[[2]], made))
      },
      error = function(problem) give_up("the answer is not plain data")
    )
    if (answer[[1]] && length(answer[[2]]) == 1) return(answer[[3]][[1]])
    if (answer[[1]] && identical(answer[[2]], c("s", "s"))) stop(answer[[3]][[2]], call. = FALSE)
    give_up("the answer is none")
  }

  list(open = open, serve = serve, ask = ask)
})
