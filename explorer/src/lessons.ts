// Guided states: one sentence and one thing to try. Each is an address, so that it can be linked to.
export interface Lesson {
  name: string;
  title: string;
  says: string;
  attempt: string;
  address: string;
}

export const LESSONS: Lesson[] = [
  {
    name: 'overload',
    title: 'Overload a Hopfield network',
    says: 'A classical network of 100 units holds about 14 random words. With more, their crosstalk moves every word.',
    attempt:
      'Press “Recall”: the word comes back. Store 30 words and recall again: it ends in a state that is none of them. Then choose a modern network, which holds all.',
    address: 'view=images&set=words&stored=5&model=hopfield&cue=1&damage=flip:0.1',
  },
  {
    name: 'spurious',
    title: 'Spurious states',
    says: 'A blend of three words, the majority of each unit, was never stored. In a classical network it is a state of rest all the same.',
    attempt:
      'Press “Recall”: nothing moves. Choose the modern network and recall again: one of the three words wins.',
    address: 'view=images&set=words&stored=3&model=hopfield&cue=blend&damage=none',
  },
  {
    name: 'cliff',
    title: 'The capacity cliff',
    says: 'As more words are stored, the classical network does not get worse slowly: from one word in seven units on, nearly none comes back.',
    attempt:
      'Read the curve. Then store 10 and 20 words and recall one of them, to be on both sides of the cliff.',
    address: 'view=images&set=words&stored=10&model=hopfield&cue=1&damage=flip:0.1&cliff=yes',
  },
  {
    name: 'one-knob',
    title: 'One knob from modern Hopfield to diffusion',
    says: 'For patterns of equal norm, the update of a modern Hopfield network at β is the denoiser of a diffusion model at σ = 1/√β: both sets of arrows are the same at every level.',
    attempt:
      'Move the knob: the arrows stay on top of each other. Then drag a pattern off the circle, and they part.',
    address: 'sigma=0.5&show=surface,contours,pull,hopfield',
  },
  {
    name: 'creation',
    title: 'Creation or recall',
    says: 'Recall and creation are the same motion; they differ only in where it starts. From noise, it has to choose. From a cue at low noise, the choice is already made.',
    attempt:
      'Press “Create from noise”, then “Recall from the cue”. Then set the knob to σ = 1 and recall from the same cue: the more noise a cue may have, the more memories answer.',
    address: 'memory=corners&sigma=0.25&cue=0.9,0.35&show=surface,contours,trails',
  },
  {
    name: 'curve',
    title: 'A memory that is a curve',
    says: 'A memory need not be a point: a curve is recalled as a whole, and a state that comes to rest may be anywhere on it.',
    attempt:
      'Press “Create from noise”: particles spread over the curve. Then put the cue near the curve, recall, and look at the local dimension, which is about 1 beside a curve.',
    address: 'memory=curve&sigma=0.35&cue=-0.1,0.5&show=surface,contours,trails&n=600',
  },
  {
    name: 'false-memory',
    title: 'False memory',
    says: 'Beside three events lies what they have in common, a Gaussian. A cue that is typical of them, a lure, is recalled as the Gaussian: nearly always, although it was never stored.',
    attempt:
      'Recall from the cue: nearly all particles end on the Gaussian, as its bar says. Then press on pattern 1 to put the cue there, and recall it: an event is recalled as itself.',
    address: 'memory=gist&sigma=0.2&cue=0.1,0.1&show=surface,contours,trails&n=400',
  },
  {
    name: 'copying',
    title: 'Copying and duplicates',
    says: 'A pattern that is stored more often is created more often, and it answers to cues that would otherwise be of its neighbours.',
    attempt:
      'Press “Store again” five times, then “Create from noise”: six in ten particles end in that pattern. Then put the cue half-way to a neighbour, and read the bars.',
    address: 'memory=circle&sigma=0.45&cue=0,0.85&show=surface,contours,minima,trails&n=800',
  },
];
